package disk

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Disk is a mounted ext4 file system in an image file.
type Disk struct {
	// Image is the file, Device the name of the loop device, Dir the mount point.
	Image, Device, Dir string
}

// Make creates an ext4 file system of size bytes with the block size and options of an SD card, with its inode tables written.
func Make(folder, name string, size int64) (*Disk, error) {
	image := filepath.Join(folder, name+".img")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return nil, err
	}
	if err := os.Truncate(image, size); err != nil {
		return nil, err
	}
	// The default of mkfs is smaller below 512 MiB.
	if err := run("mkfs.ext4", "-q", "-b", "4096", "-T", "default", "-E", "lazy_itable_init=0,lazy_journal_init=0", image); err != nil {
		return nil, err
	}
	return Mount(image)
}

// Mount mounts an image with the options of the root file system of Raspberry Pi OS.
func Mount(image string) (*Disk, error) {
	d := &Disk{Image: image, Dir: strings.TrimSuffix(image, ".img")}
	if err := os.MkdirAll(d.Dir, 0o700); err != nil {
		return nil, err
	}
	out, err := exec.Command("losetup", "--find", "--show", image).Output() //nolint:gosec // our own file
	if err != nil {
		return nil, fmt.Errorf("losetup (it needs root): %w", err)
	}
	device := strings.TrimSpace(string(out))
	d.Device = filepath.Base(device)
	if err := run("mount", "-t", "ext4", "-o", "noatime", device, d.Dir); err != nil {
		return nil, errors.Join(err, run("losetup", "--detach", device))
	}
	return d, nil
}

// Remove unmounts the disk and removes its image.
func (d *Disk) Remove() error {
	return errors.Join(run("umount", d.Dir), run("losetup", "--detach", "/dev/"+d.Device), os.Remove(d.Image), os.Remove(d.Dir))
}

// Freeze makes whatever writes to the disk wait for Thaw, as a disk that hangs does.
func (d *Disk) Freeze() error { return run("fsfreeze", "--freeze", d.Dir) }

// Thaw ends Freeze.
func (d *Disk) Thaw() error { return run("fsfreeze", "--unfreeze", d.Dir) }

// Copy copies the current image, which is what a power cut would leave.
func (d *Disk) Copy(name string) (string, error) {
	image := filepath.Join(filepath.Dir(d.Image), name+".img")
	return image, run("cp", "--sparse=always", d.Image, image)
}

// Fill creates a file that leaves only leave bytes free.
func Fill(path string, leave int64) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the harness names it
	if err != nil {
		return err
	}
	size, chunk := int64(0), make([]byte, 4096)
	for {
		n, err := file.Write(chunk)
		size += int64(n)
		if err != nil {
			break
		}
	}
	return errors.Join(file.Sync(), file.Truncate(max(0, size-leave)), file.Sync(), file.Close(), Sync(filepath.Dir(path)))
}

func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput() //nolint:gosec // only the tools named above
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strconv.Quote(string(out)))
	}
	return nil
}
