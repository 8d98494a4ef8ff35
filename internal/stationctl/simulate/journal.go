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

// Trouble is what went wrong, once.
type Trouble struct {
	Text  string `json:"text"` // of the first time
	Count int    `json:"count"`
}

// journal is the log of all sites: what a thousand of them say alike is kept once, and counted.
type journal struct {
	mu   sync.Mutex
	seen map[string]*Trouble
}

// number is what the same trouble of two sites differs in.
var number = regexp.MustCompile(`[0-9]+`)

func (j *journal) add(text string) {
	key := number.ReplaceAllString(text, "#")
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.seen == nil {
		j.seen = make(map[string]*Trouble)
	}
	if j.seen[key] == nil {
		j.seen[key] = &Trouble{Text: text}
	}
	j.seen[key].Count++
}

// list has the most frequent first.
func (j *journal) list() []Trouble {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := make([]Trouble, 0, len(j.seen))
	for _, t := range j.seen {
		all = append(all, *t)
	}
	slices.SortFunc(all, func(a, b Trouble) int { return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text)) })
	return all
}

// siteLog is the journal as a plugin's log: errors and warnings count, the rest says nothing of the cluster.
type siteLog struct{ *journal }

func (siteLog) Level() telegraf.LogLevel { return telegraf.Warn }
func (siteLog) AddAttribute(string, any) {}
func (l siteLog) Errorf(f string, a ...any) {
	l.add(fmt.Sprintf(f, a...))
}
func (l siteLog) Error(a ...any) { l.add(fmt.Sprint(a...)) }

// Warnf leaves out what each site without an outbox says at its start.
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
