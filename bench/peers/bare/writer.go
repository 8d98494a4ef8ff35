package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
)

// batch is the number of points per request, as in conf/central/telegraf.conf.
const batch = 5000

func write(path string) error {
	start := make(chan os.Signal, 1)
	signal.Notify(start, syscall.SIGCONT)
	file, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE, 0o600) //nolint:gosec // the caller's
	if err != nil {
		return err
	}
	lines := bufio.NewReaderSize(file, 1<<20)
	fmt.Println("ready")
	for range start {
		if err := writeAdded(lines); err != nil {
			return err
		}
	}
	return nil
}

// writeAdded writes the points up to the current end of the file.
func writeAdded(lines *bufio.Reader) error {
	for {
		points, err := nextBatch(lines)
		if err != nil || points.Len() == 0 {
			return err
		}
		if err := post(points); err != nil {
			return err
		}
	}
}

// nextBatch compresses a batch like outputs.influxdb_v2.
func nextBatch(lines *bufio.Reader) (*bytes.Buffer, error) {
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	for n := range batch {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			if n == 0 {
				return &bytes.Buffer{}, nil
			}
			break
		}
		if err != nil {
			return nil, err
		}
		if _, err := writer.Write(line); err != nil {
			return nil, err
		}
	}
	return &compressed, writer.Close()
}

func post(points io.Reader) (err error) {
	query := url.Values{"org": {os.Getenv("INFLUX_ORG")}, "bucket": {os.Getenv("INFLUX_BUCKET")}}
	request, err := http.NewRequest(http.MethodPost, os.Getenv("INFLUX_URL")+"/api/v2/write?"+query.Encode(), points) //nolint:gosec // the caller's server
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Token "+os.Getenv("INFLUX_TOKEN"))
	request.Header.Set("Content-Encoding", "gzip")
	response, err := http.DefaultClient.Do(request) //nolint:gosec // the same
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode != http.StatusNoContent {
		return fmt.Errorf("InfluxDB answers %s", response.Status)
	}
	return nil
}
