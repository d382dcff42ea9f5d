package paper

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"balcao/assets/i18n"
	"balcao/kiosk"
)

// Where says at which desk a paper is made, and when.
type Where struct {
	Desk, Clerk string // a name; a number
	Support     string // the telephone that people call
	At          time.Time
}

func (w Where) foot() string {
	return strings.Join([]string{w.Desk, w.Clerk, w.At.Format("02-01-2006 15:04")}, " · ")
}

// Of is the paper that a desk asks for.
func Of(c kiosk.PrintReceipt, w Where) Paper {
	p := Paper{Language: c.Language, Foot: w.foot(), Args: Args{"Support": w.Support}}
	switch c.What {
	case kiosk.PrintForm:
		p.form(c)
	case kiosk.PrintOfReceipt:
		p.receipt(c, w.At.Location())
	case kiosk.PrintStored:
		p.stored(c, w.At.Location())
	case kiosk.PrintReport:
		p.report(c.Report)
	}
	return p
}

// form is what a person signs by hand who wants it on paper: what is bound, in full, since it is theirs to check.
func (p *Paper) form(c kiosk.PrintReceipt) {
	person := c.Facts.Identity
	rows := []Row{
		{Key: "paper.name", Value: person.FullName(), Strong: true},
		{Key: "paper.birth", Value: date(person.BirthDate)},
		{Key: "paper.nationality", Value: person.Nationality},
		{Key: "paper.document", Value: kind(person.Kind) + " " + person.DocumentNumber},
		{Key: "paper.tax", Value: person.TaxNumber},
	}
	for _, contact := range c.Facts.Contacts {
		rows = append(rows, Row{Key: "paper.contact_" + string(contact.Channel), Value: contact.Value})
	}
	p.Title = "paper.form.title"
	p.Sections = []Section{{Rows: rows}}
	p.Notes = []string{"paper.form.agree", "paper.never"}
	p.Sign = []string{"paper.form.person", "paper.form.clerk"}
}

// receipt says what was done, with nothing on it that helps whoever finds it: contacts and document are masked.
func (p *Paper) receipt(c kiosk.PrintReceipt, zone *time.Location) {
	r := c.Receipt
	person := c.Facts.Identity
	rows := []Row{
		{Key: "paper.done", Word: "errand." + r.Errand + ".title"},
		{Key: "paper.name", Value: r.Person, Strong: true},
	}
	if person.DocumentNumber != "" {
		rows = append(rows, Row{Key: "paper.document", Value: kind(person.Kind) + " " + mask(person.DocumentNumber, 2, 2)})
	}
	p.Notes = []string{"paper.never"}
	if r.Key != nil {
		rows = append(rows, Row{Key: "paper.state", Word: "key.state." + string(r.Key.State)})
		for _, contact := range r.Key.Contacts {
			rows = append(rows, Row{Key: "paper.contact_" + string(contact.Channel), Value: contact.Value})
		}
	}
	if r.Pending {
		p.Notes = append([]string{"paper.receipt.pending"}, p.Notes...)
	}
	if sent := r.Activation; sent.Channel != "" {
		row := Row{Key: "paper.activation", Value: sent.ExpiresAt.In(zone).Format("02-01-2006 15:04")}
		if sent.Value != "" { // a letter goes to no contact
			row.Value = mask(sent.Value, 4, 3) + " (" + row.Value + ")"
		}
		rows = append(rows, row)
	}
	if r.Assurance.Level != "" {
		rows = append(rows, Row{Key: "paper.level", Word: "level." + string(r.Assurance.Level)})
	}
	if !r.ActiveAt.IsZero() && r.Activation.Channel == "" { // a key that waits for its code was made then, and is not active
		rows = append(rows, Row{Key: "paper.when", Value: r.ActiveAt.In(zone).Format("02-01-2006 15:04")})
	}
	if r.Register != 0 {
		rows = append(rows, Row{Key: "paper.register", Value: fmt.Sprint(r.Register)})
	}
	rows = append(rows, Row{Key: "paper.valid", Value: date(r.ValidUntil)})
	p.Title = "paper.receipt.title"
	p.Sections = []Section{{Rows: rows}}
	if len(r.Leaf.Hash) > 0 {
		p.Code, p.CodeText = LeafCode(r.Leaf), "paper.code"
	}
}

// LeafCode is what the QR code of a receipt says: the log's origin, a blank, and the leaf's hash in base64 as checkpoints
// write hashes (C2SP tlog-checkpoint). Neither is a secret, nor says anything of anybody.
func LeafCode(l kiosk.Leaf) string {
	return l.Origin + " " + base64.StdEncoding.EncodeToString(l.Hash)
}

func (p *Paper) stored(c kiosk.PrintReceipt, zone *time.Location) {
	p.Title = "paper.stored.title"
	p.Notes = []string{"paper.stored.why"}
	for _, section := range c.Stored.Sections {
		for i, fields := range section.Rows {
			part := Section{}
			if i == 0 {
				part.Heading = "stored.section_" + section.Name
			}
			for _, f := range fields {
				row := Row{Key: "stored.field_" + f.Name, Value: f.Text(zone)}
				if !i18n.Has(string(kiosk.Portuguese), row.Key) {
					row.Key, row.Label = "", f.Name
				}
				part.Rows = append(part.Rows, row)
			}
			p.Sections = append(p.Sections, part)
		}
	}
}

// report is for the office, without anybody served.
func (p *Paper) report(r kiosk.ReportState) {
	word := func(key string) string { return i18n.Text(string(kiosk.Portuguese), key, nil) }
	p.Title, p.Language = "paper.report.title", kiosk.Portuguese
	p.Notes = []string{"paper.report.nobody"}
	errands := Table{Head: []string{"paper.report.errand", "paper.report.outcome", "paper.report.count", "paper.report.median"}}
	steps := Table{Head: []string{"paper.report.errand", "paper.report.step", "paper.report.median"}}
	for _, one := range r.Errands {
		name := word("errand." + one.Errand + ".title")
		errands.Rows = append(errands.Rows, []string{name, word(outcomeKey(one.Outcome)), fmt.Sprint(one.Count), span(one.Median)})
		for _, step := range one.Steps {
			steps.Rows = append(steps.Rows, []string{name, word("step." + string(step.Step)), span(step.Median)})
		}
	}
	p.Sections = []Section{{Rows: []Row{{Key: "paper.report.day", Value: date(r.Day), Strong: true}}},
		{Heading: "paper.report.errands", Table: &errands}}
	if len(steps.Rows) > 0 {
		p.Sections = append(p.Sections, Section{Heading: "paper.report.steps", Table: &steps})
	}
}

// outcomeKey names an outcome. What has no name of its own is the reason of a refusal, of which there are many.
func outcomeKey(outcome string) string {
	if key := "report.outcome_" + outcome; i18n.Has(string(kiosk.Portuguese), key) {
		return key
	}
	return "report.outcome_refused"
}

func kind(k kiosk.DocumentKind) string {
	return i18n.Text(string(kiosk.Portuguese), "document.kind."+string(k), nil)
}

// date writes 19-02-2034; of a date that is known in part only 02-2034 or 2034; nothing of none.
func date(d kiosk.Date) string {
	parts := strings.Split(d.String(), "-")
	slices.Reverse(parts)
	return strings.Join(parts, "-")
}

func span(d time.Duration) string {
	return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
}

// mask leaves so many characters at either end of a text that has more than both together.
func mask(text string, first, last int) string {
	letters := []rune(text)
	if len(letters) <= first+last {
		return text
	}
	return string(letters[:first]) + "••••" + string(letters[len(letters)-last:])
}
