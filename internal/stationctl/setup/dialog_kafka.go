package setup

import (
	"context"
	"fmt"
	"strconv"
)

// askConnection asks until Kafka accepts the connection, or the user continues anyway.
func (i *dialog) askConnection(ctx context.Context) error {
	for {
		if err := i.askAddresses(ctx); err != nil {
			return err
		}
		if !i.unreachable {
			i.printf("Connecting to Kafka ...\n")
		}
		err := i.probeKafka(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		i.printError(err)
		yes, askErr := i.confirm(ctx, "  Continue anyway?")
		if askErr != nil {
			return askErr
		}
		if yes {
			i.warnings = append(i.warnings, err.Error())
			break
		}
		i.askAgain(Brokers, TLSCA, Mechanism, Username, password, PasswordFile)
	}
	return i.askReplication(ctx)
}

func (i *dialog) askAddresses(ctx context.Context) error {
	if err := i.askAll(ctx, Brokers, TLSCA); err != nil {
		return err
	}
	if i.Given[Mechanism] == "" && i.existing.hasUnmanagedLogin() {
		i.printf("The login of this station (%s) is not changed.\n", i.existing[Mechanism])
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
		content, err := readPassword(file)
		if err != nil {
			i.printError(fmt.Errorf("%s: %w", i.source(PasswordFile), err))
		}
		i.answers[password] = content
	}
	return i.askAll(ctx, Username, password)
}

// askReplication asks for the number of copies only if Kafka has fewer brokers.
func (i *dialog) askReplication(ctx context.Context) error {
	factor := i.Given.withDefaults(Values{Replication: i.preset(Replication)})[Replication]
	for {
		normalized, err := normalize(Replication, factor)
		if err == nil {
			err = i.kafka.checkSize(normalized)
		}
		if err == nil {
			i.answers[Replication] = normalized
			return nil
		}
		i.printError(err)
		if i.kafka != nil {
			i.existing[Replication] = strconv.Itoa(i.kafka.brokers)
		}
		if factor, err = i.askQuestion(ctx, Replication); err != nil {
			return err
		}
	}
}
