package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// question is what a flag, the answers file or somebody at a terminal answers.
type question struct {
	key, text string
	optional  bool // it is not asked
}

type answers map[string]string

// split is a list with commas.
func (a answers) split(key string) []string {
	return strings.FieldsFunc(a[key], func(r rune) bool { return r == ',' || r == ' ' })
}

// asker asks whoever sits at the terminal, if it is one.
type asker struct {
	lines    *bufio.Scanner
	out      io.Writer
	terminal bool
	replace  bool // was said beforehand
}

// all answers the questions, flags first.
func (a asker) all(questions []question, said map[string]*string, file string) (answers, error) {
	found := answers{}
	if file != "" {
		if _, err := toml.DecodeFile(file, &found); err != nil {
			return nil, fmt.Errorf("reading the answers: %w", err)
		}
	}
	for key := range found {
		if !slices.ContainsFunc(questions, func(q question) bool { return q.key == key }) {
			return nil, fmt.Errorf("%s: nobody asks for %q", file, key)
		}
	}
	var missing []error
	for _, q := range questions {
		if *said[q.key] != "" {
			found[q.key] = *said[q.key]
		}
		if found[q.key] == "" && !q.optional && a.terminal {
			answer, err := a.line(q.text + ": ")
			if err != nil {
				return nil, err
			}
			found[q.key] = answer
		}
		found[q.key] = strings.TrimSpace(found[q.key])
		if found[q.key] == "" && !q.optional {
			missing = append(missing, fmt.Errorf("--%s is missing: %s", q.key, q.text))
		}
		if !printable(found[q.key]) {
			missing = append(missing, fmt.Errorf("--%s has characters that cannot be seen", q.key))
		}
	}
	return found, errors.Join(missing...)
}

func (a asker) line(prompt string) (string, error) {
	_, _ = fmt.Fprint(a.out, prompt)
	if !a.lines.Scan() {
		return "", errors.Join(errors.New("no answer; nothing was changed"), a.lines.Err())
	}
	return a.lines.Text(), nil
}

// mayReplace asks whether files may be replaced. Unless somebody says yes they may not.
func (a asker) mayReplace(files []string) error {
	if len(files) == 0 || a.replace {
		return nil
	}
	list := strings.Join(files, "\n  ")
	if a.terminal {
		answer, err := a.line(fmt.Sprintf("These are there already, and differ:\n  %s\nReplace them? The old ones stay as NAME.old [y/N] ", list))
		if err != nil {
			return err
		}
		if slices.Contains([]string{"y", "yes", "s", "sim"}, strings.ToLower(strings.TrimSpace(answer))) {
			return nil
		}
	}
	return fmt.Errorf("nothing was changed, because these are there already and differ (--replace):\n  %s", list)
}
