// Package all links every plugin of telegraf-station into the Telegraf that imports it.
package all
