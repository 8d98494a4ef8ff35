//go:build real

package grafana

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// rewrite makes TestPictures write the pictures; make pictures sets it.
const rewrite = "REWRITE_PICTURES"

// pictureWidth is the time between two points in the pictures.
const pictureWidth = 10 * time.Minute

// TestPictures draws each dashboard from the results of its queries and compares it with the pictures in conf/grafana.
func TestPictures(t *testing.T) {
	t.Parallel()
	s := filled(t)
	for _, d := range dashboards(t) {
		picture := s.draw(t, d)
		path := filepath.Join("../../conf/grafana/pictures", d.UID+".svg")
		if os.Getenv(rewrite) != "" {
			require.NoError(t, os.WriteFile(path, picture, 0o600))
		}
		content, err := os.ReadFile(path)
		require.NoError(t, err, "run make pictures")
		require.Equal(t, string(content), string(picture), "run make pictures: %s", path)
		require.Less(t, len(content), 100_000, path)
	}
}

// draw selects the site JNU where a dashboard has a variable for it.
func (s *store) draw(t *testing.T, d dashboard) []byte {
	t.Helper()
	set := values{}
	for _, one := range s.choose(t, d.Templating.List, false) {
		if site := one["site"]; site.pattern != "" || len(site.chosen) == 1 && site.chosen[0] == "JNU" {
			set = one
		}
	}
	picture := &svg{}
	for _, p := range d.Panels {
		var got result
		for _, target := range p.Targets {
			target.Query = set.in(t, target.Query)
			part := s.run(t, target, window{begin, end, p.interval(t, pictureWidth)})
			got.lines = append(got.lines, part.lines...)
			got.tables = append(got.tables, part.tables...)
		}
		picture.panel(p, got)
	}
	return picture.bytes(d.Title)
}
