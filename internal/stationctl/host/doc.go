// Package host has facts about the local computer that several commands need: which account runs Telegraf and what it can read
// (account.go), how to run Telegraf as the service does (run.go), and how to replace a file as a whole (file.go).
package host
