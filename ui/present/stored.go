package present

import (
	"strings"

	"balcao/assets/i18n"
	"balcao/kiosk"
)

// SectionsModel is a long page to read: a heading and data, again and again.
type SectionsModel struct {
	Line     Line
	Sections []SectionModel
	Problem  *ProblemModel
}

// SectionModel is one part of it.
type SectionModel struct {
	Heading string
	Fields  []Field
}

// stored is what is stored about the person, table by table.
func (p Presenter) stored(m *ClerkModel) {
	state := p.State.Stored
	m.Sections.Problem = p.staffProblem(state.Problem)
	m.Subtitle = p.Format("stored.subtitle", Values{"Time": p.moment(state.At)})
	m.Actions = []Action{{Text: p.Text("action.next_person"), Key: "Enter", Main: true, Event: kiosk.Continue{}}}
	if state.Reading {
		m.Subtitle, m.Sections.Line = "", Line{p.Text("stored.reading"), ToneQuiet}
		m.Actions = []Action{{Text: p.Text("action.waiting_centre"), Main: true}}
		return
	}
	m.Sections.Sections = p.storedSections()
	if len(state.Sections) > 0 {
		m.Actions = append(m.Actions, p.print(kiosk.PrintStored, "action.print", "F4"))
	}
}

// storedSections names tables and columns; of one that has no name here, which the centre may have since yesterday, its own
// stands. Rows of one table are numbered where there are more.
func (p Presenter) storedSections() []SectionModel {
	var sections []SectionModel
	for _, section := range p.State.Stored.Sections {
		model := SectionModel{Heading: p.orName("stored.section_", section.Name)}
		if len(section.Rows) == 0 {
			model.Fields = []Field{{"", p.Text("stored.empty")}}
		}
		for i, row := range section.Rows {
			if i > 0 {
				model.Fields = append(model.Fields, Field{})
			}
			for _, field := range row {
				value := strings.TrimSpace(field.Text(p.State.Now.Location()))
				if value == "" {
					value = "—"
				}
				model.Fields = append(model.Fields, Field{p.orName("stored.field_", field.Name), value})
			}
		}
		sections = append(sections, model)
	}
	return sections
}

func (p Presenter) citizenStored(m *CitizenModel) {
	if p.State.Stored.Reading {
		p.message(m, "stored_reading", SignWait)
		return
	}
	p.message(m, "stored", SignNone)
	for _, section := range p.storedSections() {
		m.Points = append(m.Points, Line{section.Heading, TonePlain})
		for _, field := range section.Fields {
			if field.Label != "" {
				m.Points = append(m.Points, Line{field.Label + ": " + field.Value, ToneQuiet})
			}
		}
	}
}

// report is what this desk did on a day.
func (p Presenter) report(m *ClerkModel) {
	state := p.State.Report
	m.Subtitle = p.Format("report.subtitle", Values{"Date": p.ShortDate(state.Day)})
	m.Table.Problem = p.staffProblem(state.Problem)
	m.Cancel = &Action{Text: p.Text("action.close"), Key: "Esc", Event: kiosk.Cancel{}}
	switch {
	case state.Reading:
		m.Table.Line = Line{p.Text("report.reading"), ToneQuiet}
		return
	case len(state.Errands) == 0:
		m.Table.Line = Line{p.Text("report.none"), TonePlain}
		return
	}
	m.Table.Heads = []string{p.Text("report.errand"), p.Text("report.outcome"), p.Text("report.count"), p.Text("report.median"), p.Text("report.steps")}
	for _, one := range state.Errands {
		var steps []string
		for _, step := range one.Steps {
			steps = append(steps, p.orName("step.", string(step.Step))+"\u00a0"+p.span(step.Median))
		}
		m.Table.Lines = append(m.Table.Lines, []string{
			p.errandTitle(one.Errand), p.outcome(one.Outcome), grouped(itoa(one.Count)), p.span(one.Median), strings.Join(steps, " · "),
		})
	}
	m.Actions = []Action{p.print(kiosk.PrintReport, "action.print", "F4")}
	m.Actions[0].Main = true
}

// errandTitle names an errand; one that this catalogue does not know stands by its own name.
func (p Presenter) errandTitle(name string) string {
	if key := "errand." + name + ".title"; i18n.Has(i18n.Languages[0], key) {
		return p.Text(key)
	}
	return name
}

// TableModel is lines under headings.
type TableModel struct {
	Heads   []string
	Lines   [][]string
	Line    Line
	Problem *ProblemModel
}

// outcome is the name of an outcome. What has none of its own is the reason of a refusal, which stands beside it.
func (p Presenter) outcome(outcome string) string {
	if name := p.orName("report.outcome_", outcome); name != outcome {
		return name
	}
	return p.Text("report.outcome_refused") + " (" + outcome + ")"
}
