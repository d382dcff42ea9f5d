package present

import (
	"strings"
	"time"

	"balcao/kiosk"
)

// LogLevel is how grave a line of the log is.
type LogLevel string

// The levels.
const (
	LogInfo    LogLevel = "info"
	LogWarning LogLevel = "warning"
	LogError   LogLevel = "error"
)

// LogLine is one line of the desk's own log. It names nobody: the log has nothing personal.
type LogLine struct {
	At        time.Time
	Level     LogLevel
	Text      string // message and attributes, in the words of the program
	Reference string // of the case that it is about, or ""
}

// LogModel is the log page.
type LogModel struct {
	Title, Subtitle string
	Aside           []Line // readers that are none, and why
	Search          string // what is looked for, with its label
	Rows            []LogRow
	Actions         []Action
	Empty           string // said instead of rows
}

// LogRow is one line as shown.
type LogRow struct {
	Time, Level, Text string
	Tone              Tone
}

// What the log page's buttons do, which is no event of the session's.
type (
	LogFiltered struct{ kiosk.StillHere } // warnings only, or all
	LogCopied   struct{ kiosk.StillHere } // the reference number
	LogClosed   struct{ kiosk.StillHere }
)

// Log shows those lines that are wanted: warnings and errors only, or with a text in them, in any case of letters.
func Log(w Words, aside []kiosk.AsideReader, lines []LogLine, warnings bool, search string) LogModel {
	m := LogModel{Title: w.Text("log.title"), Subtitle: w.Text("log.subtitle")}
	for _, reader := range aside {
		m.Aside = append(m.Aside, Line{w.Format("log.aside", Values{"Name": reader.Name, "Why": w.Text("log.why." + reader.Why)}), ToneQuiet})
	}
	m.Search = w.Text("log.search")
	if search != "" {
		m.Search = w.Format("log.searched", Values{"Text": search})
	}
	for _, l := range lines {
		if warnings && l.Level == LogInfo || !strings.Contains(strings.ToLower(l.Text), strings.ToLower(search)) {
			continue
		}
		row := LogRow{Time: l.At.Format("15:04:05"), Level: w.Text("log.level." + string(l.Level)), Text: l.Text}
		switch l.Level {
		case LogWarning:
			row.Tone = ToneCare
		case LogError:
			row.Tone = ToneBad
		}
		m.Rows = append(m.Rows, row)
	}
	if len(m.Rows) == 0 {
		m.Empty = w.Text("log.empty")
	}
	filter := "log.warnings"
	if warnings {
		filter = "log.all"
	}
	m.Actions = []Action{{Text: w.Text(filter), Key: "F7", Event: LogFiltered{}}}
	if reference := LogReference(lines, search); reference != "" {
		m.Actions = append(m.Actions, Action{Text: w.Format("log.copy", Values{"Reference": reference}), Key: "F4", Event: LogCopied{}})
	}
	m.Actions = append(m.Actions, Action{Text: w.Text("log.close"), Key: "Esc", Main: true, Event: LogClosed{}})
	return m
}

// LogReference is the reference number of the newest line with a text in it that has one, "" when there is none.
func LogReference(lines []LogLine, search string) (reference string) {
	for _, l := range lines {
		if l.Reference != "" && strings.Contains(strings.ToLower(l.Text), strings.ToLower(search)) {
			reference = l.Reference
		}
	}
	return reference
}
