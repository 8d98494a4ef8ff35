package kafka_site

import (
	"time"

	"github.com/influxdata/telegraf"
)

// repeatTrouble is how often a trouble that lasts is logged again.
const repeatTrouble = 10 * time.Minute

// trouble is logged when it begins, when its reason changes, again after repeatTrouble, and when it ends; not at each try.
type trouble struct {
	text   string
	tries  int
	logged time.Time
}

func (t *trouble) begin(log telegraf.Logger, now time.Time, err error) {
	t.tries++
	if text := err.Error(); text != t.text || now.Sub(t.logged) >= repeatTrouble {
		t.text, t.logged = text, now
		if t.tries == 1 {
			log.Errorf("%s; the records wait, it is tried again", text)
			return
		}
		log.Errorf("%s (%d tries so far)", text, t.tries)
	}
}

// end says that a trouble is over, if there was one.
func (t *trouble) end(log telegraf.Logger, what string) {
	if t.tries > 0 {
		log.Infof("%s after %d tries that failed", what, t.tries)
		*t = trouble{}
	}
}
