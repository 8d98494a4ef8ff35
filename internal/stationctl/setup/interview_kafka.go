package setup

import (
	"context"
	"fmt"
	"strconv"
)

// askKafkaQuestions asks again until Kafka lets us in, or the person wants to go on without.
func (i *interview) askKafkaQuestions(ctx context.Context) error {
	for {
		if err := i.askAccess(ctx); err != nil {
			return err
		}
		if !i.silent {
			i.say("Asking Kafka ...\n")
		}
		err := i.doubtKafka(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		i.complain(err)
		yes, askErr := i.confirm(ctx, "  Use them all the same?")
		if askErr != nil {
			return askErr
		}
		if yes {
			i.warnings = append(i.warnings, err.Error())
			break
		}
		i.forget(Brokers, TLSCA, Mechanism, Username, password, PasswordFile)
	}
	return i.askReplication(ctx)
}

func (i *interview) askAccess(ctx context.Context) error {
	if err := i.askAll(ctx, Brokers, TLSCA); err != nil {
		return err
	}
	if i.Given[Mechanism] == "" && i.existing.credentialsElsewhere() {
		i.say("How this station logs in to Kafka (%s) is left as it is in the file.\n", i.existing[Mechanism])
		for _, name := range []string{Mechanism, Username, password} {
			i.answers[name] = i.existing[name]
		}
		return nil
	}
	if err := i.askAll(ctx, Mechanism); err != nil || !i.answers.hasCredentials() {
		return err
	}
	if err := checkWritable(i.Environment); err != nil {
		return err
	}
	if file := i.Given[PasswordFile]; file != "" {
		given, err := readPassword(file)
		if err != nil {
			i.complain(fmt.Errorf("%s: %w", i.source(PasswordFile), err))
		}
		i.answers[password] = given
	}
	return i.askAll(ctx, Username, password)
}

// askReplication asks for the number of copies only if the cluster is smaller than that.
func (i *interview) askReplication(ctx context.Context) error {
	factor := i.Given.over(Values{Replication: i.preset(Replication)})[Replication]
	for {
		tidied, err := tidy(Replication, factor)
		if err == nil {
			err = i.kafka.checkSize(tidied)
		}
		if err == nil {
			i.answers[Replication] = tidied
			return nil
		}
		i.complain(err)
		if i.kafka != nil {
			i.existing[Replication] = strconv.Itoa(i.kafka.brokers)
		}
		if factor, err = i.put(ctx, Replication); err != nil {
			return err
		}
	}
}
