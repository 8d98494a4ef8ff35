package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/telegraf-station/telegraf-station/internal/stationctl/site"
	"github.com/telegraf-station/telegraf-station/internal/stationctl/texttable"
)

func newSiteList(f *siteFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the topics of all sites",
		Long: `List the topics of all sites (SITE_INDEX_TYPE) with the number of partitions,
replicas, and records, the time of the newest record, and the user that can
write to the topic. The exit code is 1 if a topic cannot be read, for example
because its brokers are down.`,
		Example: `  stationctl site list --brokers kafka-1:9092
  stationctl site list --brokers kafka-1:9092 --json`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return f.with(command, func(ctx context.Context, cluster *site.Cluster) error {
				topics, err := cluster.List(ctx)
				if err != nil {
					return err
				}
				return f.printList(topics, command.OutOrStdout())
			})
		},
	}
}

func (f *siteFlags) printList(topics []site.Topic, out io.Writer) error {
	var result error
	rows := [][]string{site.Columns()}
	var troubles strings.Builder
	for _, topic := range topics {
		rows = append(rows, topic.Row())
		if topic.Trouble != "" {
			result = errFound
			fmt.Fprintf(&troubles, "! topic %q: %s\n", topic.Name, topic.Trouble)
		}
	}
	if f.json {
		return cmp.Or(printJSON(out, topics), result)
	}
	err := texttable.Write(out, rows)
	if err == nil {
		_, err = io.WriteString(out, troubles.String())
	}
	return cmp.Or(err, result)
}

func newSiteShow(f *siteFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "show TOPIC",
		Short:   "Show the topic, the user, and the ACLs of a site",
		Long:    "Show one topic as list does, with its settings and the ACLs that apply to it:\nby its name, by a prefix, or to all topics.",
		Example: "  stationctl site show JNU_1_rasp --brokers kafka-1:9092",
		Args:    topicArg,
		RunE: func(command *cobra.Command, args []string) error {
			name, err := site.ParseName(args[0])
			if err != nil {
				return err
			}
			return f.with(command, func(ctx context.Context, cluster *site.Cluster) error {
				detail, err := cluster.Show(ctx, name)
				if err != nil {
					return err
				}
				return f.printDetail(detail, command.OutOrStdout())
			})
		},
	}
}

func topicArg(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return errors.New(`one TOPIC is required, e.g. JNU_1_rasp; "stationctl site list" shows the existing topics`)
	}
	return nil
}

func (f *siteFlags) printDetail(detail *site.Detail, out io.Writer) error {
	if f.json {
		return printJSON(out, detail)
	}
	columns, row := site.Columns(), detail.Row()
	var rows [][]string
	for i := range columns {
		rows = append(rows, []string{columns[i], row[i]})
	}
	for _, key := range slices.Sorted(maps.Keys(detail.Settings)) {
		rows = append(rows, []string{key, detail.Settings[key]})
	}
	if err := texttable.Write(out, rows); err != nil {
		return err
	}
	for _, acl := range detail.ACLs {
		if _, err := fmt.Fprintf(out, "ACL: %s\n", acl); err != nil {
			return err
		}
	}
	return nil
}
