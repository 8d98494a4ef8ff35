package site

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/setup"
)

// AddOptions say what a site is to have.
type AddOptions struct {
	// Line is where the site stands in its file; 0: it is of no file.
	Line  int
	Name  Name
	Topic TopicOptions
	// User is the station's user; empty: named as the topic. NoUser: there is none, for a Kafka that asks nobody who he is.
	User   string
	NoUser bool
	// Credentials is the file that gets the password; empty: none.
	Credentials string
	// Influx is where the points go; nil: not looked at.
	Influx *Influx
	// Configuration is the Pi's file, and Answers what it is to say; empty: none is written.
	Configuration string
	Answers       setup.Values
}

// user is the station's.
func (o AddOptions) user() string { return cmp.Or(o.User, o.Name.Topic()) }

// PlanAdd changes nothing. Topic and bucket come first, as nobody is let in by them; then the ACLs, so that nobody who can log in lacks
// what keeps him to his topic; then the password, in the file before it is in Kafka, so that it is never lost.
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
		c.planRules(p, v)
		if err := c.planUser(ctx, p, v.users[p.User], options.Credentials); err != nil {
			return nil, err
		}
	}
	return p, planConfiguration(p, options)
}

// checkStationUser keeps an administrator from being made a station.
func (c *Cluster) checkStationUser(name string) error {
	if name == c.config.Net.SASL.User {
		return fmt.Errorf("user %q is the one that you log in with, so it may do all: give the station another", name)
	}
	return checkUser(name)
}

// planUser keeps the password of a user who is there. A user who is not gets a new one, even if the file has one: that may be the
// password of a station that was stolen and removed.
func (c *Cluster) planUser(ctx context.Context, p *Plan, exists bool, path string) error {
	switch {
	case path == "" && exists:
		p.is("user %q (SCRAM-SHA-512)", p.User)
		return nil
	case path == "":
		return fmt.Errorf("user %q is to be made, but his password could not be handed over: give --credentials FILE%s; nothing was changed", p.User, orNoUser(p))
	}
	file, err := readCredentials(path)
	if err == nil {
		err = file.of(p.User)
	}
	if err != nil {
		return err
	}
	if exists {
		c.planKept(ctx, p, file)
		return nil
	}
	c.planPassword(p, file, Made)
	return nil
}

func orNoUser(p *Plan) string {
	if p.Topic == "" {
		return ""
	}
	return " (or --no-user, for a topic only)"
}

// planKept tries the password of the file: a rotation may have been killed between the file and Kafka.
func (c *Cluster) planKept(ctx context.Context, p *Plan, file *credentials) {
	rotate := "stationctl central rotate-credentials --credentials FILE"
	if p.Topic != "" {
		rotate = fmt.Sprintf("stationctl site rotate-credentials %s --credentials FILE", p.Topic)
	}
	p.is("user %q (SCRAM-SHA-512); the password is kept", p.User)
	switch {
	case !file.have(p.User):
		p.doubt("credentials %q: Kafka does not tell the password of user %q; if it is lost: %s", file.path, p.User, rotate)
		return
	case !file.isPrivate():
		p.add(Changed, func(context.Context) error { return os.Chmod(file.path, secretMode) }, "credentials %q: mode 0600 (was %#o)", file.path, file.mode)
	default:
		p.is("credentials %q", file.path)
	}
	if accepted, known := c.accepts(ctx, p.User, file.password); known && !accepted {
		p.doubt("credentials %q: Kafka refuses the password in it: %s", file.path, rotate)
	}
}

// planPassword makes a new password when it is applied.
func (c *Cluster) planPassword(p *Plan, file *credentials, mark string) {
	password := newPassword()
	fileMark := Made
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
		return fmt.Errorf("the station's configuration: %w", err)
	}
	write := func(context.Context) error { return station.Write() }
	switch {
	case station.IsNew():
		p.add(Made, write, "configuration %q", options.Configuration)
	case station.Changes():
		p.add(Changed, write, "configuration %q (what was there is kept as %q)", options.Configuration, options.Configuration+".bak")
	default:
		p.is("configuration %q", options.Configuration)
	}
	return nil
}
