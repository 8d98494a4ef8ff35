package simulate

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/influxdata/telegraf"
)

// Problem is an error or a warning.
type Problem struct {
	Text  string `json:"text"` // its first occurrence
	Count int    `json:"count"`
}

// journal is the log of all sites. Messages that differ only in numbers are kept once and counted.
type journal struct {
	mu   sync.Mutex
	seen map[string]*Problem
}

// number matches how the same message of two sites differs.
var number = regexp.MustCompile(`[0-9]+`)

func (j *journal) add(text string) {
	key := number.ReplaceAllString(text, "#")
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.seen == nil {
		j.seen = make(map[string]*Problem)
	}
	if j.seen[key] == nil {
		j.seen[key] = &Problem{Text: text}
	}
	j.seen[key].Count++
}

// list returns the problems, the most frequent first.
func (j *journal) list() []Problem {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := make([]Problem, 0, len(j.seen))
	for _, t := range j.seen {
		all = append(all, *t)
	}
	slices.SortFunc(all, func(a, b Problem) int { return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text)) })
	return all
}

// siteLog is the journal as the log of a plugin: only errors and warnings count.
type siteLog struct{ *journal }

func (siteLog) Level() telegraf.LogLevel { return telegraf.Warn }
func (siteLog) AddAttribute(string, any) {}
func (l siteLog) Errorf(f string, a ...any) {
	l.add(fmt.Sprintf(f, a...))
}
func (l siteLog) Error(a ...any) { l.add(fmt.Sprint(a...)) }

// Warnf ignores the warning of each site without an outbox at startup.
func (l siteLog) Warnf(f string, a ...any) {
	if !strings.HasPrefix(f, "No outbox is set") {
		l.Errorf(f, a...)
	}
}
func (l siteLog) Warn(a ...any)       { l.Warnf("%s", fmt.Sprint(a...)) }
func (siteLog) Infof(string, ...any)  {}
func (siteLog) Info(...any)           {}
func (siteLog) Debugf(string, ...any) {}
func (siteLog) Debug(...any)          {}
func (siteLog) Tracef(string, ...any) {}
func (siteLog) Trace(...any)          {}
