package site

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/IBM/sarama"
)

// iterations is how often a password is hashed at each login: Kafka's default, and its least. More of them protect passwords that can
// be guessed, and ours cannot.
const iterations = 4096

// hasUsers says which of the users can log in with SCRAM-SHA-512.
func (c *Cluster) hasUsers(names ...string) (map[string]bool, error) {
	has := make(map[string]bool)
	for some := range slices.Chunk(names, describeAtOnce) { // never none: Kafka would take that for all of them
		described, err := c.admin.DescribeUserScramCredentials(some)
		if err != nil {
			return nil, fmt.Errorf("the users cannot be read: %w", explain(err))
		}
		for _, d := range described {
			if !errors.Is(d.ErrorCode, sarama.ErrNoError) && d.ErrorCode != resourceNotFound {
				return nil, fmt.Errorf("user %q: %w", d.User, explain(d.ErrorCode))
			}
			has[d.User] = slices.ContainsFunc(d.CredentialInfos, func(info *sarama.UserScramCredentialsResponseInfo) bool {
				return info.Mechanism == sarama.SCRAM_MECHANISM_SHA_512
			})
		}
	}
	return has, nil
}

// resourceNotFound is what Kafka says of a user who does not exist.
const resourceNotFound = sarama.KError(91)

func (c *Cluster) hasUser(name string) (bool, error) {
	has, err := c.hasUsers(name)
	return has[name], err
}

// setPassword makes the user, or gives him another password. The password itself does not leave this program.
func (c *Cluster) setPassword(user, password string) error {
	salt := make([]byte, 32)
	_, _ = rand.Read(salt) // never fails, as its documentation says
	return c.toUpsert.do(sarama.AlterUserScramCredentialsUpsert{
		Name: user, Mechanism: sarama.SCRAM_MECHANISM_SHA_512, Iterations: iterations, Salt: salt, Password: []byte(password),
	})
}

// removeUser takes it for success if there is none.
func (c *Cluster) removeUser(user string) error {
	results, err := c.admin.DeleteUserScramCredentials([]sarama.AlterUserScramCredentialsDelete{{Name: user, Mechanism: sarama.SCRAM_MECHANISM_SHA_512}})
	return outcome(results, err)
}

func outcome(results []*sarama.AlterUserScramCredentialsResult, err error) error {
	if err != nil {
		return explain(err)
	}
	for _, r := range results {
		if err := refusal(r); err != nil {
			return err
		}
	}
	return nil
}

func refusal(r *sarama.AlterUserScramCredentialsResult) error {
	switch {
	case errors.Is(r.ErrorCode, sarama.ErrNoError), r.ErrorCode == resourceNotFound:
		return nil
	case r.ErrorMessage != nil && *r.ErrorMessage != "":
		return fmt.Errorf("%w: %s", explain(r.ErrorCode), *r.ErrorMessage)
	}
	return explain(r.ErrorCode)
}
