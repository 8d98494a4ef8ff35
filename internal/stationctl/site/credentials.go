package site

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/telegraf-station/telegraf-station/internal/installed"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/host"
)

// The variables in a credentials file, as in the shipped configuration.
const (
	usernameVariable = "KAFKA_USERNAME"
	passwordVariable = "KAFKA_PASSWORD"
)

// secretMode is set on a file that other users could read.
const secretMode = 0o600

// credentials is the file that passes a password on. Its other lines are kept.
type credentials struct {
	path, text string
	mode       fs.FileMode
	user       string // the owner of the credentials
	password   string
	exists     bool
}

// readCredentials rejects a file that cannot be written, before anything is changed.
func readCredentials(path string) (*credentials, error) {
	c := &credentials{path: path}
	if followed, err := filepath.EvalSymlinks(path); err == nil {
		c.path = followed // replace the file, not the link
	}
	if err := unix.Access(filepath.Dir(c.path), unix.W_OK|unix.X_OK); err != nil {
		return nil, fmt.Errorf("cannot write credentials file %q: directory %q: %w", path, filepath.Dir(c.path), err)
	}
	info, err := os.Stat(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("credentials file: %w", err)
	}
	text, err := os.ReadFile(c.path)
	if err != nil {
		return nil, fmt.Errorf("credentials file: %w", err)
	}
	c.text, c.mode, c.exists = string(text), info.Mode().Perm(), true
	variables := installed.Variables(c.text)
	c.user, c.password = variables[usernameVariable], variables[passwordVariable]
	return c, nil
}

// of rejects a file with the credentials of another user: they would be lost.
func (c *credentials) of(user string) error {
	if c.user != "" && c.user != user {
		return fmt.Errorf("file %q contains the credentials of user %q, not of %q; use another file", c.path, c.user, user)
	}
	return nil
}

// have reports whether the file has the password of the user.
func (c *credentials) have(user string) bool { return c.user == user && c.password != "" }

func (c *credentials) isPrivate() bool { return host.Private(c.mode) }

func (c *credentials) write(user, password string) error {
	text := installed.Set(installed.Set(c.text, usernameVariable, user), passwordVariable, password)
	return host.Update(c.path, text)
}

// newPassword returns 128 random bits as letters and digits, which need no quoting anywhere.
func newPassword() string { return rand.Text() }
