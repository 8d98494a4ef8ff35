package influxdb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// do sends a request, with a JSON body unless that is nil, and returns the body of a 2xx response.
func (s *Server) do(ctx context.Context, method, path string, body any) ([]byte, error) {
	request, err := s.request(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, fmt.Errorf("incomplete response from %s: %w", s.address, err)
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("InfluxDB on %s responded to %s %s with %s: %s", s.address, method, request.URL.Path, response.Status, bytes.TrimSpace(answer))
	}
	return answer, nil
}

func (s *Server) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.URL()+path, content)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Token "+s.login.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}
