package kafka_site

import (
	"regexp"
	"time"

	"github.com/influxdata/telegraf"
)

// repeatTrouble is how often a trouble that lasts is logged again.
const repeatTrouble = 10 * time.Minute

// changing is what is another at each try, though the reason is the same: the time in the text of an expired certificate, and our port.
var changing = regexp.MustCompile(`current time \S+|\S+->`)

// trouble is logged when it begins, when its reason changes, again after repeatTrouble, and when it ends; not at each try.
type trouble struct {
	reason string
	tries  int
	logged time.Time
}

func (t *trouble) begin(log telegraf.Logger, now time.Time, err error) {
	t.tries++
	text := err.Error()
	if reason := changing.ReplaceAllString(text, ""); reason != t.reason || now.Sub(t.logged) >= repeatTrouble {
		t.reason, t.logged = reason, now
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
