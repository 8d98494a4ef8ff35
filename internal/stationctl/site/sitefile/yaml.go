package sitefile

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// readYAML reads a list of sites. It reads nodes, for their line numbers, and to keep numbers as written: an index may be 007.
func readYAML(text string) (rows []Row, errs []error) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, []error{err}
	}
	list := document.Content[0]
	if list.Kind != yaml.SequenceNode {
		return nil, []error{At(list.Line, "the file must be a list of sites, e.g. - {site: JNU, index: 1, type: rasp}")}
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, []error{errors.New("another document follows the list of sites; remove it")}
	}
	for _, node := range list.Content {
		r, wrong := readNode(node)
		if len(wrong) == 0 {
			rows = append(rows, r)
		}
		errs = append(errs, wrong...)
	}
	return rows, errs
}

func readNode(node *yaml.Node) (Row, []error) {
	r := Row{node.Line, make(map[string]string)}
	if node.Kind != yaml.MappingNode {
		return r, []error{At(node.Line, "a site must have keys and values, e.g. - {site: JNU, index: 1, type: rasp}")}
	}
	var errs []error
	known := make(map[string]bool)
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		err := checkColumn(key.Value)
		switch {
		case known[key.Value]:
			err = fmt.Errorf("duplicate key %q", key.Value)
		case err != nil:
		case value.Kind != yaml.ScalarNode: // aliases included: with them, a file of a few lines could have a million sites
			err = fmt.Errorf("key %q must be a text or a number; lists, nested keys, and aliases (*name) are not supported", key.Value)
		case value.Tag != "!!null" && value.Value != "":
			r.Values[key.Value] = value.Value
		}
		if err != nil {
			errs = append(errs, At(key.Line, "%w", err))
		}
		known[key.Value] = true
	}
	return r, errs
}
