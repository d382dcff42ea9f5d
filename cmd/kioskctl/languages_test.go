package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"balcao/kiosk"
)

func TestLanguages(t *testing.T) {
	var out, said bytes.Buffer
	if code := run(t.Context(), []string{"languages"}, nil, &out, &said); code != exitOK {
		t.Fatalf("exit %d: %s", code, said.String())
	}
	for _, l := range kiosk.Languages {
		if line := regexp.MustCompile(`(?m)^` + string(l) + ` +\d{3,} texts, \d+ unread  ` + l.Name() + `$`); !line.MatchString(out.String()) {
			t.Errorf("no line %s in %q", line, out.String())
		}
	}
	out.Reset()
	if code := run(t.Context(), []string{"languages", "hi"}, nil, &out, &said); code != exitOK || !strings.Contains(out.String(), "code.sms.hi.txt\t") {
		t.Errorf("exit %d: %q", code, out.String())
	}
	if code := run(t.Context(), []string{"languages", "xx"}, nil, &out, &said); code != exitUsage {
		t.Errorf("an unknown language: exit %d", code)
	}
}
