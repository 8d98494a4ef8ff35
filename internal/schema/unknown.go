package schema

import (
	"fmt"
	"sync"
)

// Unknown is what a plugin does with values whose names the schema does not declare.
type Unknown struct {
	choice string
	warned *sync.Map
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
	return Unknown{choice: option, warned: new(sync.Map)}, nil
}

// Keep reports whether to keep the value of that name. With "drop" it warns once for each name;
// with "error" it returns an error.
func (u Unknown) Keep(name string, log Warner) (bool, error) {
	switch u.choice {
	case "keep":
		return true, nil
	case "error":
		return false, fmt.Errorf(`field %q is not in the schema (option "unknown_fields" is "error")`, name)
	}
	if _, warned := u.warned.LoadOrStore(name, true); !warned && log != nil {
		log.Warnf(`Field %q is not in the schema and is left out: declare it, or set unknown_fields = "keep"`, name)
	}
	return false, nil
}
