package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"
)

var servingMetrics = regexp.MustCompile(`"serving metrics","address":"([^"]+)"`)

// Scrape asks a program for its figures, as Prometheus does, where its log says that it serves them.
func Scrape(ctx context.Context, log string) (string, error) {
	at := servingMetrics.FindStringSubmatch(log)
	if at == nil {
		return "", errors.New("the log does not say where metrics are served")
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at[1]+"/metrics", nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("scraping: %s: %s", answer.Status, text)
	}
	return string(text), err
}
