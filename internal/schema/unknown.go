package schema

import (
	"fmt"
	"sync"
)

// Unknown is what a plugin does with values whose names the schema does not declare.
type Unknown struct {
	choice string
	warned *warnedNames
}

// maxWarned limits the names that are warned about: a writer can invent any number of names.
const maxWarned = 100

// warnedNames has the names that were warned about.
type warnedNames struct {
	mu    sync.Mutex
	names map[string]bool
}

// Warner is the part of a logger that Unknown needs.
type Warner interface {
	Warnf(format string, args ...any)
}

// NewUnknown takes the value of an option `unknown_fields`: "drop" (also for an empty option), "keep", or "error".
func NewUnknown(option string) (Unknown, error) {
	switch option {
	case "":
		option = "drop"
	case "drop", "keep", "error":
	default:
		return Unknown{}, fmt.Errorf(`option "unknown_fields" must be "drop", "keep", or "error" (got %q)`, option)
	}
	return Unknown{choice: option, warned: &warnedNames{names: make(map[string]bool)}}, nil
}

// Keep reports whether to keep the value of that name. With "drop" it warns once for each name, up to maxWarned;
// with "error" it returns an error.
func (u Unknown) Keep(name string, log Warner) (bool, error) {
	switch u.choice {
	case "keep":
		return true, nil
	case "error":
		return false, fmt.Errorf(`field %.100q is not in the schema (option "unknown_fields" is "error")`, name)
	}
	switch count := u.warned.add(name); {
	case log == nil || count == 0:
	case count < maxWarned:
		log.Warnf(`Field %.100q is not in the schema and is left out: declare it, or set unknown_fields = "keep"`, name)
	default:
		log.Warnf(`Field %.100q is not in the schema and is left out, like %d others before; further names are left out without a message`, name, count-1)
	}
	return false, nil
}

// add returns how many names there are with a new one, or 0 if it needs no warning.
func (w *warnedNames) add(name string) (count int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.names) >= maxWarned || w.names[name] {
		return 0
	}
	w.names[name] = true
	return len(w.names)
}
