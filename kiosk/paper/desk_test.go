package paper_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/paper"
)

var where = paper.Where{Desk: "Loja de Cidadão de Amaurota · Balcão 07", Clerk: "F0417", Support: "300 003 990", At: at}

// visit is what a desk knows at the end of one.
func visit(what kiosk.PrintWhat, language kiosk.Language) kiosk.PrintReceipt {
	return kiosk.PrintReceipt{
		What: what, Language: language,
		Facts: kiosk.TranscriptFacts{
			Identity: kiosk.Identity{
				Kind: kiosk.Passport, Country: "UTO", DocumentNumber: "ZZ0000048", Surname: "Amaurota Silveira", GivenNames: "Inês Carlota",
				BirthDate: kiosk.Date{Year: 1984, Month: time.February, Day: 29}, Nationality: "UTO", TaxNumber: "999999990",
			},
			Contacts: []kiosk.ProvenContact{{Channel: kiosk.SMS, Value: "+351912000678"}, {Channel: kiosk.Email, Value: "ines@exemplo.pt"}},
		},
		Receipt: kiosk.Receipt{
			Errand: "enrol", Person: "Inês Carlota Amaurota Silveira", Register: 20418, ActiveAt: at, ValidUntil: kiosk.Date{Year: 2034, Month: time.March, Day: 4},
			Assurance: kiosk.Assurance{Level: kiosk.LevelHigh},
			Key: &kiosk.Key{State: kiosk.StatusActive, Contacts: []kiosk.MaskedContact{
				{Channel: kiosk.SMS, Value: "+351 912 ••• 678"}, {Channel: kiosk.Email, Value: "i•••@exemplo.pt"},
			}},
			Leaf: kiosk.Leaf{Origin: "balcao.example/log", Hash: bytes.Repeat([]byte{0xA5}, 32)},
		},
		Stored: kiosk.StoredState{Sections: []kiosk.StoredSection{
			{Name: "person", Rows: [][]kiosk.StoredField{{{Name: "surname", Value: "Amaurota Silveira"}, {Name: "unheard_of", Value: "whatever"}}}},
		}},
		Report: kiosk.ReportState{Day: kiosk.Date{Year: 2026, Month: time.November, Day: 30}, Errands: []kiosk.ReportErrand{
			{Errand: "enrol", Outcome: "active", Count: 14, Median: 160 * time.Second, Steps: []kiosk.ReportStepTime{{Step: kiosk.StepContact, Median: 41 * time.Second}}},
			{Errand: "enrol", Outcome: "already_active", Count: 2},
		}},
	}
}

func TestOf(t *testing.T) {
	tests := []struct {
		what     kiosk.PrintWhat
		language kiosk.Language
		says     []string
		not      []string
	}{
		{kiosk.PrintOfReceipt, "en",
			[]string{"Inês Carlota Amaurota Silveira", "ZZ••••48", "+351 912 ••• 678", "i•••@exemplo.pt", "elevado · high", "30-11-2026 11:09", "20418", "04-03-2034", "F0417", "300 003 990"},
			[]string{"ZZ0000048", "912000678", "ines@", "999999990", "29-02-1984"}},
		{kiosk.PrintOfReceipt, "pt", []string{"elevado", "Name", "Receipt"}, nil},
		{kiosk.PrintOfReceipt, "bn", []string{"elevado · high", "Name"}, nil},
		{kiosk.PrintForm, "en",
			[]string{"Inês Carlota Amaurota Silveira", "29-02-1984", "Passaporte ZZ0000048", "999999990", "+351912000678", "ines@exemplo.pt", "Signature of the holder"}, nil},
		{kiosk.PrintStored, "en", []string{"Amaurota Silveira", "unheard_of", "about me"}, nil},
		{kiosk.PrintReport, "en", []string{"O dia neste balcão", "30-11-2026", "14", "2 min 40 s", "0 min 41 s", "recusado"}, []string{"Inês", "ZZ0000048", "report."}},
	}
	for _, test := range tests {
		t.Run(string(test.what)+"-"+string(test.language), func(t *testing.T) {
			c := visit(test.what, test.language)
			doc, err := press(t).Make(paper.Of(c, where), at)
			if err != nil {
				t.Fatal(err)
			}
			if doc.Pages != 1 {
				t.Errorf("%d pages, want 1", doc.Pages)
			}
			name := file(t, doc)
			tool(t, "qpdf", "--check", name)
			text := tool(t, "pdftotext", "-layout", name, "-")
			for _, part := range test.says {
				if !strings.Contains(text, part) {
					t.Errorf("it does not say %q:\n%s", part, text)
				}
			}
			for _, part := range test.not {
				if strings.Contains(text, part) {
					t.Errorf("it says %q", part)
				}
			}
			if test.what != kiosk.PrintOfReceipt {
				return
			}
			if got, want := codeIn(t, name), "balcao.example/log paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU="; got != want {
				t.Errorf("the QR code says %q, want %q", got, want)
			}
		})
	}
}

// A key that waits for the code of a letter is not active on paper.
func TestReceiptOfAPendingKey(t *testing.T) {
	c := visit(kiosk.PrintOfReceipt, "en")
	c.Receipt.Key = &kiosk.Key{State: kiosk.StatusPending}
	c.Receipt.Activation = kiosk.ActivationSent{Channel: kiosk.Letter, ExpiresAt: at.AddDate(0, 0, 21)}
	doc, err := press(t).Make(paper.Of(c, where), at)
	if err != nil {
		t.Fatal(err)
	}
	text := tool(t, "pdftotext", "-layout", file(t, doc), "-")
	if strings.Contains(text, "Active since") || strings.Contains(text, "(21-12-2026") || !strings.Contains(text, "21-12-2026") {
		t.Errorf("it says:\n%s", text)
	}
}
