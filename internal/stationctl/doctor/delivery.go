package doctor

import (
	"errors"
	"sort"
	"time"

	"github.com/IBM/sarama"

	"github.com/telegraf-station/telegraf-station/internal/installed"
)

// deliveryLimit allows for about thirty requests.
const deliveryLimit = 15 * time.Second

// delivery checks the age of the newest record. A station sends at least a status 2 record every silence_timeout.
func (t *siteTopic) delivery(reached []string, metadata *sarama.TopicMetadata) result {
	if !errors.Is(metadata.Err, sarama.ErrNoError) {
		return unchecked("the topic does not exist, or this user cannot describe it")
	}
	age, found, err := t.newestAge(reached, metadata.Partitions)
	switch {
	case err != nil:
		return failed("", "%v", err)
	case !found:
		return failed(installed.Restart, "%s has no records", t.name)
	case age > t.maxAge():
		return failed(installed.Restart, "the newest record of %s is %s old (%s)", t.name, age, time.Now().Add(-age).UTC().Format(time.RFC3339))
	}
	return ok("the newest record of %s is %s old", t.name, age)
}

// maxAge returns how old the newest record of a running station can be.
func (t *siteTopic) maxAge() time.Duration {
	return max(time.Minute, 2*time.Duration(t.board.SilenceTimeout)+30*time.Second)
}

// newestAge searches for the age of the newest record, in seconds, by requesting the first record since a time. This needs only DESCRIBE;
// a station is not authorized to READ the record itself.
func (t *siteTopic) newestAge(reached []string, partitions []*sarama.PartitionMetadata) (age time.Duration, found bool, err error) {
	client, err := t.client(reached, t.name)
	if err != nil {
		return 0, false, err
	}
	defer client.Close() //nolint:errcheck // it was only queried
	now := time.Now()
	hasSince := func(seconds int) bool {
		for _, partition := range partitions {
			offset, requestErr := client.GetOffset(t.name, partition.ID, now.Add(-time.Duration(seconds)*time.Second).UnixMilli())
			err = errors.Join(err, requestErr)
			if offset >= 0 && requestErr == nil {
				return true
			}
		}
		return err != nil // an error ends the search
	}
	if !hasSince(int(now.Unix())) || err != nil {
		return 0, false, err
	}
	limit := 1
	for !hasSince(limit) {
		limit *= 2
	}
	seconds := sort.Search(limit, hasSince)
	return time.Duration(seconds) * time.Second, true, err
}
