// Package site creates what a site needs in Kafka and InfluxDB: its topic, its user, and the ACLs that allow this user to write to this
// topic and no other.
//
// A plan is computed by reading (view.go reads the cluster; add.go, central.go, remove.go, and fleet.go plan with topic.go, acl.go, user.go,
// credentials.go, and influx.go) and is applied afterwards, step by step (plan.go); after an interruption, the same command continues.
// Changes of many sites share requests (batch.go, requests.go), which are retried (retry.go). list.go and records.go only read. file.go reads
// the file of "site plan".
package site

import (
	"fmt"
	"regexp"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// Name has the parts of the name of a site.
type Name = record.SiteName

// NewName returns the name, or an error if a part is not valid.
func NewName(site, index, kind string) (Name, error) {
	n := Name{Site: site, Index: index, Type: kind}
	for _, p := range []struct{ what, value string }{{"SITE", site}, {"INDEX", index}, {"TYPE", kind}} {
		if !record.IsTopicPart(p.value) {
			return n, fmt.Errorf(`%s must consist of letters (a-z, A-Z), digits, "." and "-" (got %q)`, p.what, p.value)
		}
	}
	return n, record.CheckTopic(n.Topic())
}

// ParseName splits the name of a topic. It rejects topics that are not those of a site, such as Kafka's own.
func ParseName(topic string) (Name, error) {
	name, ok := record.SplitTopic(topic)
	if !ok {
		return Name{}, fmt.Errorf("topic %q is not a site topic, which is named SITE_INDEX_TYPE, e.g. JNU_1_rasp", topic)
	}
	if err := record.CheckTopic(topic); err != nil {
		return Name{}, fmt.Errorf("topic %q is not a site topic: %w", topic, err)
	}
	return name, nil
}

// user matches a name that is safe in a principal: "User:*" would be all users.
var user = regexp.MustCompile(`^[a-zA-Z0-9._@-]+$`)

func checkUser(name string) error {
	if !user.MatchString(name) {
		return fmt.Errorf(`user %q: the name must consist of letters (a-z, A-Z), digits, ".", "_", "@" and "-"`, name)
	}
	return nil
}
