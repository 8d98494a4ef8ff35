// Package site brings a Kafka cluster, and InfluxDB, to what a station's site needs: its topic, its user, and the ACLs that let this
// user write this topic and no other.
//
// Plans are made by reading (add.go, remove.go, rotate.go ask topic.go, acl.go, user.go, credentials.go, influx.go), and are applied
// afterwards, step by step (plan.go): whoever is killed between two steps runs the same command again. list.go only reads.
package site

import (
	"fmt"
	"regexp"

	"github.com/telegraf-station/telegraf-station/internal/record"
)

// Name is the name of a site in its parts.
type Name = record.SiteName

// NewName checks the parts.
func NewName(site, index, kind string) (Name, error) {
	n := Name{Site: site, Index: index, Type: kind}
	for _, p := range []struct{ what, value string }{{"SITE", site}, {"INDEX", index}, {"TYPE", kind}} {
		if !record.IsTopicPart(p.value) {
			return n, fmt.Errorf(`%s must consist of letters (a-z, A-Z), digits, "." and "-" (got %q)`, p.what, p.value)
		}
	}
	return n, record.CheckTopic(n.Topic())
}

// ParseName takes a topic's name apart. It refuses what is no site's, such as Kafka's own topics.
func ParseName(topic string) (Name, error) {
	name, ok := record.SplitTopic(topic)
	if !ok {
		return Name{}, fmt.Errorf("topic %q is not a site's: those are SITE_INDEX_TYPE, e.g. JNU_1_rasp", topic)
	}
	if err := record.CheckTopic(topic); err != nil {
		return Name{}, fmt.Errorf("topic %q is not a site's: %w", topic, err)
	}
	return name, nil
}

// user is a name that is safe in a principal: "User:*" would be everybody.
var user = regexp.MustCompile(`^[a-zA-Z0-9._@-]+$`)

func checkUser(name string) error {
	if !user.MatchString(name) {
		return fmt.Errorf(`user %q: its name must consist of letters (a-z, A-Z), digits, ".", "_", "@" and "-"`, name)
	}
	return nil
}
