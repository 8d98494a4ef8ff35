package kafka_sites

import (
	"errors"
	"strings"
	"time"

	"github.com/influxdata/telegraf"
)

// troublePeriod is how long a trouble that lasts stays quiet after it was logged.
const troublePeriod = 10 * time.Minute

// trouble logs what keeps the plugin from consuming: when it begins, and again after troublePeriod. It does not compare texts,
// since sarama tries the brokers in another order each time.
type trouble struct {
	waiting bool      // for the first topic
	logged  time.Time // of an error; zero while there is none
}

func (t *trouble) report(err error, log telegraf.Logger) {
	switch {
	case err == nil:
		*t = trouble{}
	case errors.Is(err, errNoTopic):
		if !t.waiting {
			log.Info(err)
		}
		*t = trouble{waiting: true}
	case time.Since(t.logged) > troublePeriod:
		log.Errorf("%s; trying again", strings.ReplaceAll(err.Error(), "\n", "; "))
		*t = trouble{logged: time.Now()}
	}
}
