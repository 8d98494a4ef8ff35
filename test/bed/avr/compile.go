package avr

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/telegraf-station/telegraf-station/plugins/inputs/arduino_serial/firmware"
	"github.com/telegraf-station/telegraf-station/test/bed/cache"
	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// Firmware is the compiled sketch.
type Firmware struct {
	ELF   string // its file
	Flash int    // bytes of program, as the Arduino IDE counts them
	RAM   int    // bytes of variables, without the stack
}

// Compile compiles the sketch for "uno", "nano", or "mega", with the flags of the Arduino IDE. The defines ("TEMPERATURE=DS18B20") are the
// settings at the top of station.ino. The result is cached. Messages go to progress, unless it is nil.
func Compile(ctx context.Context, boardName string, defines []string, progress io.Writer) (Firmware, error) {
	return CompileSketch(ctx, boardName, firmware.Sketch, defines, progress)
}

// CompileSketch compiles another sketch: files has it as station/station.ino.
func CompileSketch(ctx context.Context, boardName string, files fs.FS, defines []string, progress io.Writer) (Firmware, error) {
	b, err := boardNamed(boardName)
	if err != nil {
		return Firmware{}, err
	}
	if missing := Missing(); len(missing) > 0 {
		return Firmware{}, fmt.Errorf("the sketch cannot be compiled: install %s", strings.Join(missing, " "))
	}
	archive, err := compileCore(ctx, b, progress)
	if err != nil {
		return Firmware{}, fmt.Errorf("the Arduino core is not compiled: %w", err)
	}
	file, err := compileSketch(ctx, b, files, defines, archive)
	if err != nil {
		return Firmware{}, fmt.Errorf("the sketch is not compiled for %s: %w", boardName, err)
	}
	return measure(file)
}

// compileSketch puts the ELF file into the cache, under a name that stands for all that it is made from.
func compileSketch(ctx context.Context, b board, files fs.FS, defines []string, archive string) (string, error) {
	k := newKey(archive, b.flags(), defines, cppFlags, strict, linkFlags)
	if err := k.add(files); err != nil {
		return "", err
	}
	return built(ctx, "sketch-"+k.String(), "station.elf", func(dir, elf string) error {
		if err := os.CopyFS(dir, files); err != nil {
			return err
		}
		source, object := filepath.Join(dir, "station.cpp"), filepath.Join(dir, "station.o")
		if err := writeSource(source, files); err != nil {
			return err
		}
		args := slices.Concat(strict, cppFlags, b.flags(), []string{"-I" + filepath.Join(dir, "station"), source, "-o", object})
		for _, define := range defines {
			args = append(args, "-D"+define)
		}
		if err := process.Run(ctx, process.Command{Path: "avr-g++", Args: args}); err != nil {
			return err
		}
		args = slices.Concat(linkFlags, []string{"-mmcu=" + b.mcu, "-o", elf, object, archive, "-lm"})
		return process.Run(ctx, process.Command{Path: "avr-gcc", Args: args})
	})
}

// writeSource makes a C++ file of the sketch, as the IDE does. The sketch needs no prototypes, which the IDE would add too.
func writeSource(path string, files fs.FS) error {
	sketch, err := fs.ReadFile(files, "station/station.ino")
	if err != nil {
		return err
	}
	return os.WriteFile(path, slices.Concat([]byte("#include <Arduino.h>\n#line 1 \"station.ino\"\n"), sketch), 0o600)
}

// compileCore makes an archive of Arduino's own sources. SoftwareSerial is in it: the linker takes only what the sketch names.
func compileCore(ctx context.Context, b board, progress io.Writer) (string, error) {
	sources, err := coreSources()
	if err != nil {
		return "", err
	}
	k := newKey(b.flags(), cFlags, cppFlags, asmFlags)
	if err := k.add(os.DirFS(core)); err != nil {
		return "", err
	}
	return built(ctx, "core-"+k.String(), "core.a", func(dir, archive string) error {
		tell(progress, "the Arduino core: compiling it for the %s (once, some seconds)\n", b.mcu)
		var objects []string
		for i, source := range sources {
			object := filepath.Join(dir, fmt.Sprintf("%d.o", i))
			if err := process.Run(ctx, compiler(b, source, object)); err != nil {
				return err
			}
			objects = append(objects, object)
		}
		return process.Run(ctx, process.Command{Path: "avr-gcc-ar", Args: append([]string{"rcs", archive}, objects...)})
	})
}

func coreSources() ([]string, error) {
	var sources []string
	for _, pattern := range []string{"cores/arduino/*.c", "cores/arduino/*.cpp", "cores/arduino/*.S", "libraries/SoftwareSerial/src/*.cpp"} {
		found, err := filepath.Glob(filepath.Join(core, pattern))
		if err != nil {
			return nil, err
		}
		sources = append(sources, found...)
	}
	return sources, nil
}

func compiler(b board, source, object string) process.Command {
	path, language := "avr-gcc", cFlags
	switch filepath.Ext(source) {
	case ".cpp":
		path, language = "avr-g++", cppFlags
	case ".S":
		language = asmFlags
	}
	return process.Command{Path: path, Args: slices.Concat(silent, language, b.flags(), []string{source, "-o", object})}
}

// built returns a file from the cache. If it is missing, build creates it in a temporary directory next to it, from where it is moved.
func built(ctx context.Context, folder, name string, build func(dir, file string) error) (string, error) {
	parent, err := cache.Dir("avr", folder)
	if err != nil {
		return "", err
	}
	file := filepath.Join(parent, name)
	err = cache.Once(ctx, file, func() (err error) {
		dir, err := os.MkdirTemp(parent, "building-")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		if err := build(dir, filepath.Join(dir, name)); err != nil {
			return err
		}
		return os.Rename(filepath.Join(dir, name), file)
	})
	return file, err
}

func tell(progress io.Writer, format string, args ...any) {
	if progress != nil {
		_, _ = fmt.Fprintf(progress, format, args...) // progress messages are optional
	}
}

// measure counts the sections as platform.txt does.
func measure(path string) (Firmware, error) {
	file, err := elf.Open(path)
	if err != nil {
		return Firmware{}, err
	}
	f := Firmware{ELF: path}
	for _, section := range file.Sections {
		size := int(section.Size) //nolint:gosec // at most the flash's size
		switch section.Name {
		case ".text":
			f.Flash += size
		case ".data":
			f.Flash += size
			f.RAM += size
		case ".bss", ".noinit":
			f.RAM += size
		}
	}
	return f, file.Close()
}
