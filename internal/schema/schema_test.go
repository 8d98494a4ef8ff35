package schema

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheBuiltInSchemaIsTheTableOfTheDesign(t *testing.T) {
	s, err := Load("")
	require.NoError(t, err)
	require.Equal(t, "environment", s.Name)
	var lines []string
	for i := range s.Fields {
		field := &s.Fields[i]
		line := field.Name + " " + string(field.Type) + " " + field.rangeText()
		if field.ErrorValue != nil {
			line += " error " + (&Field{Min: field.ErrorValue, Max: field.ErrorValue}).rangeText()
		}
		if field.Required {
			line += " required"
		}
		lines = append(lines, line+" "+field.Unit)
	}
	require.Equal(t, []string{
		"lat float -90..90 required degree",
		"lon float -180..180 required degree",
		"alcohol_gas int 0..1023 error -1..-1 ADC count",
		"co_gas int 0..1023 error -1..-1 ADC count",
		"temp float -40..125 error -999..-999 degC",
		"light int 0..1023 error -1..-1 ADC count",
		"dust float 0..750 ug/m3",
	}, lines)
}

func TestLoadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "greenhouse.toml")
	require.NoError(t, os.WriteFile(path, []byte(`
name = "greenhouse"
[[field]]
name = "ph"
type = "float"
min = 0
max = 14
error_value = -1
required = true
`), 0o600))
	s, err := Load(path)
	require.NoError(t, err)
	require.Equal(t, "greenhouse", s.Name)
	field, found := s.Field("ph")
	require.True(t, found)
	require.True(t, field.Required)
	require.InDelta(t, 14, *field.Max, 0)
	_, found = s.Field("temp")
	require.False(t, found)
}

func TestWrongSchemas(t *testing.T) {
	sensor := func(lines ...string) string {
		return "name = \"x\"\n[[field]]\n" + strings.Join(lines, "\n")
	}
	for text, want := range map[string]string{
		`name = "x"`: `schema "x" declares no field`,
		"[[field]]\nname = \"ph\"\ntype = \"float\"":                              `option "name" is missing: it names the metric`,
		sensor(`name = "p h"`, `type = "float"`):                                  `field name "p h": use letters, digits and "_", with a letter first`,
		sensor(`name = "ph"`):                                                     `field "ph": type must be "int" or "float" (got "")`,
		sensor(`name = "ph"`, `type = "string"`):                                  `field "ph": type must be "int" or "float" (got "string")`,
		sensor(`name = "ph"`, `typ = "int"`):                                      `unknown option "field.typ"`,
		sensor(`name = "temp"`, `type="int"`, `min=5`, `max=1`):                   `field "temp": min 5 is above max 1`,
		sensor(`name = "n"`, `type="int"`, `min=0.5`):                             `field "n": min must be a whole number, because the type is "int" (got 0.5)`,
		sensor(`name = "n"`, `type="int"`, `max=1e300`):                           `field "n": max must be within ±2^53 (got 1e+300)`,
		sensor(`name = "n"`, `type="float"`, `max=inf`):                           `field "n": max must be a finite number (got +Inf)`,
		sensor(`name = "n"`, `type="float"`, `min=0`, `max=1`, `error_value=0.5`): `field "n": error_value 0.5 is also a valid value; set it outside min..max`,
		sensor(`name = "status"`, `type="int"`):                                   `field "status" is declared twice, or is one that every record has (device_id, status, time, lat, lon)`,
		sensor(`name = "lat"`, `type="float"`):                                    `field "lat" is declared twice, or is one that every record has (device_id, status, time, lat, lon)`,
	} {
		_, err := Parse(text)
		require.EqualError(t, err, want, text)
	}
	_, err := Load("enviroment")
	require.EqualError(t, err, `option "schema" must be "environment" or the path of a schema file (got "enviroment")`)
	_, err = Load("./no-such.toml")
	require.ErrorIs(t, err, os.ErrNotExist)
}
