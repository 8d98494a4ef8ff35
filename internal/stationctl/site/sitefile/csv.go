package sitefile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readCSV takes empty lines, and those that begin with "#", for none.
func readCSV(text string) (rows []Row, errs []error) {
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comment, reader.FieldsPerRecord, reader.TrimLeadingSpace = '#', -1, true
	var header []string
	for {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rows, errs
		}
		if err != nil {
			errs = append(errs, explainCSV(err))
			continue
		}
		line, _ := reader.FieldPos(0)
		switch {
		case header != nil && len(fields) == len(header):
			if r := newRow(line, header, fields); len(r.Values) > 0 { // spreadsheets leave lines of commas
				rows = append(rows, r)
			}
		case header != nil:
			errs = append(errs, At(line, "it has %d value(s), and there are %d columns", len(fields), len(header)))
		default:
			if header, errs = readHeader(line, fields); len(errs) > 0 {
				return nil, errs
			}
		}
	}
}

func newRow(line int, header, fields []string) Row {
	values := make(map[string]string)
	for i, field := range fields {
		if field = strings.TrimSpace(field); field != "" {
			values[header[i]] = field
		}
	}
	return Row{line, values}
}

// readHeader refuses columns that are not known, there twice, or missing.
func readHeader(line int, fields []string) (header []string, errs []error) {
	known := make(map[string]bool)
	for _, field := range fields {
		name := strings.TrimSpace(field)
		err := checkColumn(name)
		if known[name] {
			err = fmt.Errorf("column %q is there twice", name)
		}
		if err != nil {
			errs = append(errs, At(line, "%w", err))
		}
		known[name] = true
		header = append(header, name)
	}
	for _, name := range Columns[:Required] {
		if !known[name] {
			errs = append(errs, At(line, "column %q is missing: the first line names the columns, with commas between them, e.g. site,index,type", name))
		}
	}
	return header, errs
}

func explainCSV(err error) error {
	parse := &csv.ParseError{}
	if !errors.As(err, &parse) {
		return err
	}
	return At(parse.Line, `%w: a value with " in it needs these around it, and each of its own twice`, parse.Err)
}
