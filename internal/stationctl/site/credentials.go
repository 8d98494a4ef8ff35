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

// The variables of the credentials, as in the shipped configuration.
const (
	usernameVariable = "KAFKA_USERNAME"
	passwordVariable = "KAFKA_PASSWORD"
)

// secretMode is that of a file which others could read.
const secretMode = 0o600

// credentials is the file that hands a user's password over. What else it has stays.
type credentials struct {
	path, text string
	mode       fs.FileMode
	user       string // whose they are
	password   string
	exists     bool
}

// readCredentials refuses a file that cannot be written, before anything is changed.
func readCredentials(path string) (*credentials, error) {
	c := &credentials{path: path}
	if followed, err := filepath.EvalSymlinks(path); err == nil {
		c.path = followed // the file is to be changed, and not the link
	}
	if err := unix.Access(filepath.Dir(c.path), unix.W_OK|unix.X_OK); err != nil {
		return nil, fmt.Errorf("file %q of the credentials cannot be written: folder %q: %w", path, filepath.Dir(c.path), err)
	}
	info, err := os.Stat(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("file of the credentials: %w", err)
	}
	text, err := os.ReadFile(c.path)
	if err != nil {
		return nil, fmt.Errorf("file of the credentials: %w", err)
	}
	c.text, c.mode, c.exists = string(text), info.Mode().Perm(), true
	variables := installed.Variables(c.text)
	c.user, c.password = variables[usernameVariable], variables[passwordVariable]
	return c, nil
}

// of refuses a file with the credentials of another: they would be lost.
func (c *credentials) of(user string) error {
	if c.user != "" && c.user != user {
		return fmt.Errorf("file %q has the credentials of user %q, not of %q: give another file", c.path, c.user, user)
	}
	return nil
}

// have says that the user's password is there.
func (c *credentials) have(user string) bool { return c.user == user && c.password != "" }

func (c *credentials) isPrivate() bool { return host.Private(c.mode) }

func (c *credentials) write(user, password string) error {
	text := installed.Set(installed.Set(c.text, usernameVariable, user), passwordVariable, password)
	return host.Update(c.path, text)
}

// newPassword has 128 bits of chance, in letters and digits that need no quoting anywhere.
func newPassword() string { return rand.Text() }
