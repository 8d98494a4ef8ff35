package avr

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"path"
)

// key names what is built, by all that it is built from: what changes gets another name in the cache.
type key struct{ hash hash.Hash }

func newKey(parts ...any) key {
	k := key{hash: sha256.New()}
	_, _ = fmt.Fprintf(k.hash, "%q\n", parts) // a hash takes everything
	return k
}

// add counts all sources of a folder in.
func (k key) add(folder fs.FS) error {
	return fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !isSource(name, entry) {
			return err
		}
		content, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(k.hash, "%q %q\n", name, content)
		return err
	})
}

func isSource(name string, entry fs.DirEntry) bool {
	switch path.Ext(name) {
	case ".c", ".cpp", ".h", ".S", ".ino":
		return !entry.IsDir()
	default:
		return false
	}
}

func (k key) String() string { return hex.EncodeToString(k.hash.Sum(nil))[:16] }
