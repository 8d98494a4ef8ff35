package doctor

import (
	"context"
	"errors"
	"time"

	"github.com/IBM/sarama"
)

func (t *siteTopic) deliveryCheck(several bool) check {
	return check{name: t.prefix(several) + "delivery", needs: []string{t.prefix(several) + topicCheck, t.label + serviceCheck}, run: t.delivery}
}

// delivery is the age of the newest record of the topic. A station sends at least a record of status 2 each silence_timeout.
func (t *siteTopic) delivery(context.Context) result {
	if !errors.Is(t.metadata.Err, sarama.ErrNoError) {
		return unchecked("the topic is not there, or not to be seen")
	}
	newest, err := t.newestTime()
	switch {
	case errors.Is(err, sarama.ErrUnsupportedVersion):
		return unchecked("this Kafka does not tell the time of the newest record (it needs 3.0)")
	case err != nil:
		return bad("", "%v", err)
	case newest.IsZero():
		return bad(restart, "%s has no record", t.name)
	}
	age := time.Since(newest).Round(time.Second)
	if age > t.patience() {
		return bad(restart, "the newest record of %s is %s old (%s)", t.name, age, newest.UTC().Format(time.RFC3339))
	}
	return good("the newest record of %s is %s old", t.name, max(age, 0))
}

// patience is how old the newest record of a station may be that runs.
func (t *siteTopic) patience() time.Duration {
	return max(time.Minute, 2*time.Duration(t.board.SilenceTimeout)+30*time.Second)
}
