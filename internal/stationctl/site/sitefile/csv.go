package sitefile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

// readCSV skips empty lines and those that begin with "#".
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
			if r := newRow(line, header, fields); len(r.Values) > 0 { // spreadsheets write lines of commas
				rows = append(rows, r)
			}
		case header != nil:
			errs = append(errs, At(line, "it has %s for %d columns", texttable.Count(len(fields), "value"), len(header)))
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

// readHeader rejects unknown, duplicate, and missing columns.
func readHeader(line int, fields []string) (header []string, errs []error) {
	known := make(map[string]bool)
	for _, field := range fields {
		name := strings.TrimSpace(field)
		err := checkColumn(name)
		if known[name] {
			err = fmt.Errorf("duplicate column %q", name)
		}
		if err != nil {
			errs = append(errs, At(line, "%w", err))
		}
		known[name] = true
		header = append(header, name)
	}
	for _, name := range Columns[:Required] {
		if !known[name] {
			errs = append(errs, At(line, "column %q is missing; the first line must name the columns, separated by commas, e.g. site,index,type", name))
		}
	}
	return header, errs
}

func explainCSV(err error) error {
	parse := &csv.ParseError{}
	if !errors.As(err, &parse) {
		return err
	}
	return At(parse.Line, `%w; enclose a value that contains " in quotes, and double each of its own`, parse.Err)
}
