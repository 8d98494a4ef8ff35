package site

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func fileOf(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

var standard = AddOptions{Topic: TopicOptions{Partitions: 1, Replication: 3}}

func TestFilesOfSites(t *testing.T) {
	t.Parallel()
	want := []AddOptions{
		{Line: 3, Name: Name{Site: "JNU", Index: "007", Type: "rasp"}, Topic: standard.Topic},
		{Line: 5, Name: Name{Site: "GIST", Index: "1", Type: "rasp"}, User: "pi", Topic: TopicOptions{Partitions: 2, Replication: 1, Retention: 720 * time.Hour, MaxMessage: 2000}},
	}
	for name, text := range map[string]string{
		"spreadsheet.csv": "\ufeff\"site\",index,type,user,partitions,replication_factor,retention,max_message_bytes\r\n# the first\r\nJNU, 007 ,\"rasp\",,,,,\r\n\r\n" +
			"GIST,1,rasp,pi,2,1,30d,2000\r\n,,,,,,,\r\n",
		"sites.yaml": "# the first\n\n- site: JNU\n  {index: 007, type: rasp, user: null}\n",
		"sites.yml": "# the first\n\n- {site: JNU, index: 007, type: rasp, user: ~, retention: ''}\n\n" +
			"- {site: GIST, index: 1, type: \"rasp\", user: pi, partitions: 2, replication_factor: 1, retention: 30d, max_message_bytes: 2000}\n",
	} {
		sites, err := ReadFile(fileOf(t, name, text), standard)
		if name == "sites.yaml" {
			require.ErrorContains(t, err, "yaml: line 4: ", "not valid YAML")
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, want, sites, name)
	}
}

func TestAllThatIsWrongInAFileIsTold(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	path := fileOf(t, "sites.csv", strings.Join([]string{
		"site,index,type,partitions,retention,user,max_message_bytes",
		"../../etc,1,rasp,,,,", "a_b,1,rasp,0,1y,*,", "JNU,;drop,rasp,,,,1x", "전남대,1,rasp,,,,", long + ",1,rasp,,,,", "JNU,,rasp,,,,", "JNU,1",
		"JNU,1,rasp,,,,", "JNU,1,rasp,,,,", "a.b,1,x-1,,,same,", "GIST,1,rasp,,,JNU_1_rasp,", `J"U,1,rasp,,,,`,
	}, "\n"))
	_, err := ReadFile(path, standard)
	require.EqualError(t, err, fmt.Sprintf(`nothing was changed: file %q has 14 errors:
line 2: SITE must consist of letters (a-z, A-Z), digits, "." and "-" (got "../../etc")
line 3: partitions must be a number from 1 to 2147483647 (got "0")
line 3: retention must be a duration such as 30d or 12h, or forever (got "1y")
line 3: user "*": the name must consist of letters (a-z, A-Z), digits, ".", "_", "@" and "-"
line 3: SITE must consist of letters (a-z, A-Z), digits, "." and "-" (got "a_b")
line 4: max_message_bytes must be a number from 1 to 2147483647 (got "1x")
line 4: INDEX must consist of letters (a-z, A-Z), digits, "." and "-" (got ";drop")
line 5: SITE must consist of letters (a-z, A-Z), digits, "." and "-" (got "전남대")
line 6: topic %q: Kafka allows at most 249 characters (got 307)
line 7: index is missing
line 8: it has 2 values for 7 columns
line 10: topic "JNU_1_rasp" is already in line 9
line 12: user "JNU_1_rasp" is already used in line 9; each site needs its own, which can write to no other topic
line 13: bare " in non-quoted-field; enclose a value that contains " in quotes, and double each of its own`, path, long+"_1_rasp"))
}

func TestFilesThatAreNone(t *testing.T) {
	t.Parallel()
	many := "site,index,type\n" + strings.Repeat("x,1,rasp\n", MaxSites+1)
	for want, file := range map[string][2]string{
		`the name must end with .csv, .yaml, or .yml`:                           {"sites.xls", "x"},
		`the file has no sites; "stationctl site plan --help" shows an example`: {"empty.csv", ""},
		`has no sites;`:                                                                      {"header.csv", "site,index,type\n"},
		`the file has no sites; `:                                                            {"empty.yaml", "\n# nothing\n"},
		`line 2 is not UTF-8; save the file as UTF-8`:                                        {"euckr.csv", "site,index,type\n\xc0\xfc\xb3\xb2,1,rasp\n"},
		`line 1 is not UTF-8; save the file as UTF-8, `:                                      {"utf16.csv", "\xff\xfes\x00i\x00"},
		`the file has 10001 sites; the limit is 10000; split it`:                             {"many.csv", many},
		`line 1: unknown column "place"; the columns are site, index, type, partitions,`:     {"unknown.csv", "site,index,type,place\nJNU,1,rasp,x\n"},
		`line 1: unknown column "site;index;type"`:                                           {"semicolons.csv", "site;index;type\nJNU;1;rasp\n"},
		`the first line must name the columns, separated by commas, e.g. site,ind`:           {"semicolons.csv", "site;index;type\nJNU;1;rasp\n"},
		`line 1: duplicate column "site"`:                                                    {"twice.csv", "site,site,index,type\nJNU,JNU,1,rasp\n"},
		`line 2: extraneous or missing " in quoted-field`:                                    {"open.csv", "site,index,type\n\"JNU,1,rasp\n"},
		`line 1: the file must be a list of sites, e.g. - {site: JNU, index: 1, type: rasp}`: {"map.yaml", "site: JNU\n"},
		`line 2: unknown column "place"`:                                                     {"unknown.yaml", "- site: JNU\n  place: x\n"},
		`line 1: duplicate key "site"`:                                                       {"twice.yaml", "- {site: JNU, site: GIST}\n"},
		`line 1: key "index" must be a text or a number; lists`:                              {"list.yaml", "- {site: JNU, index: [1], type: rasp}\n"},
		`line 2: key "site" must be a text or a number; lists, nested keys, and alia`:        {"alias.yaml", "- {site: &a JNU, index: 1, type: rasp}\n- {site: *a, index: 2, type: rasp}\n"},
		`line 1: unknown column "<<"`:                                                        {"merge.yaml", "- {<<: {site: JNU}, index: 1, type: rasp}\n"},
		`line 1: a site must have keys and values`:                                           {"scalar.yaml", "- JNU\n"},
		`yaml: `: {"broken.yaml", "- {site: JNU\n"},
		`another document follows the list of sites`: {"two.yaml", "- {site: JNU, index: 1, type: rasp}\n---\n- {site: JNU, index: 1, type: rasp}\n"},
		`choose another name`:                        {"alike.csv", "site,index,type\na.b,1,x\na,b.1,x\n"},
	} {
		_, err := ReadFile(fileOf(t, file[0], file[1]), standard)
		require.ErrorContains(t, err, want, file[0])
	}
	_, err := ReadFile(filepath.Join(t.TempDir(), "nowhere.csv"), standard)
	require.ErrorContains(t, err, "no such file")
	defaults := standard
	defaults.NoUser = true
	_, err = ReadFile(fileOf(t, "user.csv", "site,index,type,user\nJNU,1,rasp,pi\n"), defaults)
	require.ErrorContains(t, err, `line 2: user "pi" cannot be combined with --no-user`)
}

// FuzzFile: what is taken is legal, and each topic and user is there once.
func FuzzFile(f *testing.F) {
	f.Add("site,index,type,partitions,replication_factor,retention,max_message_bytes,user\nJNU,1,rasp,2,3,30d,1000,pi\n# x\n\"a\"\"\",,\n")
	f.Add("- {site: JNU, index: 1, type: rasp}\n- &a {site: GIST}\n- *a\n--- x\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, ext := range []string{".csv", ".yaml"} {
			sites, errs := readSites(ext, text, standard)
			if len(errs) > 0 {
				continue
			}
			require.NotEmpty(t, sites)
			topics, users := make(map[string]bool), make(map[string]bool)
			for _, o := range sites {
				_, err := NewName(o.Name.Site, o.Name.Index, o.Name.Type)
				require.NoError(t, err)
				require.NoError(t, checkUser(o.user()))
				require.False(t, topics[o.Name.Topic()] || users[o.user()])
				topics[o.Name.Topic()], users[o.user()] = true, true
				require.Positive(t, o.Topic.Partitions)
				require.Positive(t, o.Topic.Replication)
			}
		}
	})
}

func TestRetention(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"30d": "720h0m0s", "12h": "12h0m0s"} {
		got, err := ParseRetention(text)
		require.NoError(t, err)
		require.Equal(t, want, got.String())
	}
	for _, bad := range []string{"", "d", "-1d", "0", "1ms", "99999999999999d", "2000000000d", "1y"} {
		_, err := ParseRetention(bad)
		require.Error(t, err, bad)
	}
}
