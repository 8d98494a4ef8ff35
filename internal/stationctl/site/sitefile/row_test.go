package sitefile

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzRead: a row has a line, and a text in each of its columns.
func FuzzRead(f *testing.F) {
	f.Add("site,index,type,partitions,replication_factor,retention,max_message_bytes,user\nJNU,1,rasp,2,3,30d,1000,pi\n# x\n\"a\"\"\",,\n")
	f.Add("- {site: JNU, index: 1, type: rasp}\n- &a {site: GIST}\n- *a\n--- x\n")
	f.Fuzz(func(t *testing.T, text string) {
		for ext := range readers {
			rows, errs := Read(ext, text)
			for _, err := range errs {
				require.NotEmpty(t, err.Error())
			}
			for _, r := range rows {
				require.Positive(t, r.Line)
				for column, value := range r.Values {
					require.True(t, slices.Contains(Columns, column), column)
					require.NotEmpty(t, value)
				}
			}
		}
	})
}
