package site

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// iterations is how often a password is hashed at each login: Kafka's default, and its least. More of them protect passwords that can
// be guessed, and ours cannot.
const iterations = 4096

// hasUsers returns the users that can log in with SCRAM-SHA-512.
func (c *Cluster) hasUsers(ctx context.Context, names ...string) (map[string]bool, error) {
	has := make(map[string]bool)
	for some := range slices.Chunk(names, describeAtOnce) { // never none, which would describe all users
		described, err := c.admin.DescribeUserSCRAMs(ctx, some...)
		if err != nil {
			return nil, fmt.Errorf("cannot list the users: %w", explain(err))
		}
		for _, d := range described {
			if d.Err != nil && !errors.Is(d.Err, kerr.ResourceNotFound) {
				return nil, fmt.Errorf("user %q: %w", d.User, explain(d.Err))
			}
			has[d.User] = slices.ContainsFunc(d.CredInfos, func(info kadm.CredInfo) bool { return info.Mechanism == kadm.ScramSha512 })
		}
	}
	return has, nil
}

func (c *Cluster) hasUser(ctx context.Context, name string) (bool, error) {
	has, err := c.hasUsers(ctx, name)
	return has[name], err
}

// setPassword creates the user, or replaces the password. The password itself does not leave this program.
func (c *Cluster) setPassword(user, password string) error {
	return c.toUpsert.do(kadm.UpsertSCRAM{User: user, Mechanism: kadm.ScramSha512, Iterations: iterations, Password: password})
}

// removeUser succeeds if the user does not exist.
func (c *Cluster) removeUser(ctx context.Context, user string) error {
	results, err := c.admin.AlterUserSCRAMs(ctx, []kadm.DeleteSCRAM{{User: user, Mechanism: kadm.ScramSha512}}, nil)
	if err != nil {
		return explain(err)
	}
	return refusal(results[user])
}

func refusal(r kadm.AlteredUserSCRAM) error {
	switch {
	case errors.Is(r.Err, kerr.ResourceNotFound):
		return nil
	case r.Err != nil && r.ErrMessage != "":
		return fmt.Errorf("%w: %s", explain(r.Err), r.ErrMessage)
	}
	return explain(r.Err)
}
