//go:build real

package faults

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// front is a proxy of InfluxDB that can answer itself.
type front struct {
	server *httptest.Server
	store  http.Handler

	mu      sync.Mutex
	answer  answer
	changed chan struct{} // closed when answer is another
}

// answer is a way to treat a request.
type answer func(f *front, w http.ResponseWriter, r *http.Request, changed <-chan struct{})

func newFront(t *testing.T, store string) *front {
	t.Helper()
	target, err := url.Parse(store)
	require.NoError(t, err)
	f := &front{store: httputil.NewSingleHostReverseProxy(target), answer: passOn, changed: make(chan struct{})}
	f.server = httptest.NewServer(f)
	t.Cleanup(f.server.Close)
	return f
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	answer, changed := f.answer, f.changed
	f.mu.Unlock()
	answer(f, w, r, changed)
}

func (f *front) set(answer answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
	close(f.changed)
	f.changed = make(chan struct{})
}

func passOn(f *front, w http.ResponseWriter, r *http.Request, _ <-chan struct{}) {
	f.store.ServeHTTP(w, r)
}

// refuse answers with a status.
func refuse(status int) answer {
	return func(_ *front, w http.ResponseWriter, _ *http.Request, _ <-chan struct{}) {
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		http.Error(w, `{"code":"test","message":"by the test"}`, status)
	}
}

// silent answers when it is to do something else.
func silent(f *front, w http.ResponseWriter, r *http.Request, changed <-chan struct{}) {
	select {
	case <-changed:
		f.store.ServeHTTP(w, r)
	case <-r.Context().Done():
	}
}

// late takes a time for each request.
func late(delay time.Duration) answer {
	return func(f *front, w http.ResponseWriter, r *http.Request, _ <-chan struct{}) {
		time.Sleep(delay)
		f.store.ServeHTTP(w, r)
	}
}

// lost has InfluxDB write, and cuts the connection.
func lost(f *front, _ http.ResponseWriter, r *http.Request, _ <-chan struct{}) {
	f.store.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}
