package site

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/setup"
)

// AddOptions describe a site.
type AddOptions struct {
	// Line is the line of the site in its file, 0 without a file.
	Line  int
	Name  Name
	Topic TopicOptions
	// User is the Kafka user of the station; empty for the name of the topic. NoUser is for a Kafka without authentication.
	User   string
	NoUser bool
	// Credentials is the file to write the password to, or empty.
	Credentials string
	// Influx stores the points; nil to leave InfluxDB alone.
	Influx *Influx
	// Configuration is the telegraf.conf to write for the Pi, with Answers in it; empty for none.
	Configuration string
	Answers       setup.Values
}

// user returns the Kafka user of the station.
func (o AddOptions) user() string { return cmp.Or(o.User, o.Name.Topic()) }

// PlanAdd changes nothing. Topic and bucket come first, because they grant no access; then the ACLs, so that a user that can log in is
// always confined to its topic; then the password, which is in the file before it is in Kafka, so that it is never lost.
func (c *Cluster) PlanAdd(ctx context.Context, options AddOptions) (*Plan, error) {
	v, err := c.view(ctx, []AddOptions{options})
	if err != nil {
		return nil, err
	}
	return c.planAdd(ctx, v, options)
}

func (c *Cluster) planAdd(ctx context.Context, v *view, options AddOptions) (*Plan, error) {
	p := &Plan{Topic: options.Name.Topic()}
	if !options.NoUser {
		p.User = options.user()
		if err := c.checkStationUser(p.User); err != nil {
			return nil, err
		}
	}
	if err := c.planTopic(p, v, options.Topic); err != nil {
		return nil, err
	}
	if options.Influx != nil {
		if err := options.Influx.plan(ctx, p); err != nil {
			return nil, err
		}
	}
	if !options.NoUser {
		c.planStationRules(p, v)
		if err := c.planUser(ctx, p, v.users[p.User], options.Credentials); err != nil {
			return nil, err
		}
	}
	return p, planConfiguration(p, options)
}

// checkStationUser rejects the administrator as the user of a station.
func (c *Cluster) checkStationUser(name string) error {
	if name == c.config.Net.SASL.User {
		return fmt.Errorf("user %q is the administrator that you log in as; use another user for the station", name)
	}
	return checkUser(name)
}

// planUser keeps the password of an existing user. A new user gets a new password, even if the file contains one: it may be that of a
// station that was stolen and removed.
func (c *Cluster) planUser(ctx context.Context, p *Plan, exists bool, path string) error {
	switch {
	case path == "" && exists:
		p.keep("user %q (SCRAM-SHA-512)", p.User)
		return nil
	case path == "":
		return fmt.Errorf("nothing was changed: a new user %q needs a file for the password; add --credentials FILE%s", p.User, orNoUser(p))
	}
	file, err := readCredentials(path)
	if err == nil {
		err = file.of(p.User)
	}
	if err != nil {
		return err
	}
	if exists {
		c.planExistingUser(ctx, p, file)
		return nil
	}
	c.planPassword(p, file, Created)
	return nil
}

func orNoUser(p *Plan) string {
	if p.Topic == "" {
		return ""
	}
	return ", or --no-user for a topic only"
}

// planExistingUser tries the password in the file: a rotation may have been killed between the file and Kafka.
func (c *Cluster) planExistingUser(ctx context.Context, p *Plan, file *credentials) {
	rotate := "stationctl central rotate-credentials --credentials FILE"
	if p.Topic != "" {
		rotate = fmt.Sprintf("stationctl site rotate-credentials %s --credentials FILE", p.Topic)
	}
	p.keep("user %q (SCRAM-SHA-512); the password is kept", p.User)
	switch {
	case !file.have(p.User):
		p.warn("credentials %q: the password of user %q cannot be retrieved from Kafka; if it is lost, run %s", file.path, p.User, rotate)
		return
	case !file.isPrivate():
		p.add(Changed, func(context.Context) error { return os.Chmod(file.path, secretMode) }, "credentials %q: mode 0600 (was %#o)", file.path, file.mode)
	default:
		p.keep("credentials %q", file.path)
	}
	if accepted, known := c.accepts(ctx, p.User, file.password); known && !accepted {
		p.warn("credentials %q: Kafka rejects its password; run %s", file.path, rotate)
	}
}

// planPassword sets a new password when it is applied.
func (c *Cluster) planPassword(p *Plan, file *credentials, mark string) {
	password := newPassword()
	fileMark := Created
	if file.exists {
		fileMark = Changed
	}
	p.add(fileMark, func(context.Context) error { return file.write(p.User, password) }, "credentials %q: user %q and a new password", file.path, p.User)
	p.add(mark, func(context.Context) error { return c.setPassword(p.User, password) }, "user %q (SCRAM-SHA-512) with the new password", p.User)
}

func planConfiguration(p *Plan, options AddOptions) error {
	if options.Configuration == "" {
		return nil
	}
	station, err := setup.NewStation(options.Configuration, options.Answers)
	if err != nil {
		return fmt.Errorf("station configuration: %w", err)
	}
	write := func(context.Context) error { return station.Write() }
	switch {
	case station.IsNew():
		p.add(Created, write, "configuration %q", options.Configuration)
	case station.Changes():
		p.add(Changed, write, "configuration %q (the previous file is kept as %q)", options.Configuration, options.Configuration+".bak")
	default:
		p.keep("configuration %q", options.Configuration)
	}
	return nil
}
