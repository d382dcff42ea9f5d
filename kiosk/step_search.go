package kiosk

import (
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// searchStep finds a key without its holder's document. Each search is logged at the centre.
type searchStep struct{ plainStep }

// SearchKind is what a key is found by.
type SearchKind string

// What keys are found by.
const (
	SearchPhone    SearchKind = "phone"
	SearchEmail    SearchKind = "email"
	SearchTax      SearchKind = "nif"
	SearchDocument SearchKind = "document"
	SearchRegister SearchKind = "register"
)

// SearchKinds are all of them, in the order offered.
var SearchKinds = []SearchKind{SearchPhone, SearchEmail, SearchTax, SearchDocument, SearchRegister}

// SearchReason is why somebody searches.
type SearchReason string

// Why somebody searches.
const (
	SearchHolderPresent SearchReason = "holder_present"
	SearchHolderPhone   SearchReason = "holder_phone" // the holder is on the telephone
	SearchAuthority     SearchReason = "authority"
	SearchSupervisor    SearchReason = "supervisor_check"
	SearchOther         SearchReason = "other"
)

// SearchReasons are all of them, in the order offered.
var SearchReasons = []SearchReason{SearchHolderPresent, SearchHolderPhone, SearchAuthority, SearchSupervisor, SearchOther}

// SearchState is a search and what was found.
type SearchState struct {
	Kind      SearchKind
	Text      string // as typed
	Country   string // of a document: ISO 3166-1 alpha-3
	Reason    SearchReason
	Invalid   bool // what was typed cannot be such a value
	Searching bool
	Searched  bool  // Found is the answer
	Found     []Key // the one chosen is State.Key.Key
	Problem   ProblemCode
}

func (searchStep) stop(s *Session) bool {
	if !s.state.Search.Searching {
		return false
	}
	s.state.Search.Searching, s.again.ask = false, true
	return true
}

func (searchStep) retry(s *Session) {
	if search := s.state.Search; s.at(StepSearch) && s.again.ask {
		SearchAsked{search.Kind, search.Text, search.Country, search.Reason}.apply(s)
	}
}

// SearchAsked searches. Without a reason, nobody does.
type SearchAsked struct {
	Kind    SearchKind
	Text    string
	Country string
	Reason  SearchReason
}

func (e SearchAsked) apply(s *Session) {
	if !s.at(StepSearch) || s.state.Search.Searching || len(e.Text) > maxEmailOctets || len(e.Country) > 3 {
		return
	}
	s.dismiss("")
	s.state.Key, s.searched = KeyState{}, uuid.Nil
	s.state.Search = SearchState{Kind: e.Kind, Text: e.Text, Country: e.Country, Reason: e.Reason}
	value, valid := s.searchValue(e)
	if !valid || !slices.Contains(SearchReasons, e.Reason) {
		s.state.Search.Invalid = !valid
		return
	}
	s.state.Search.Searching = true
	s.ask(Search{Case: s.live, Kind: e.Kind, Value: value, Country: e.Country, Reason: e.Reason})
}

// searchValue is what was typed in the one spelling that the centre knows.
func (s *Session) searchValue(e SearchAsked) (value string, valid bool) {
	text := strings.ToUpper(strings.Join(strings.Fields(visible(e.Text)), ""))
	switch e.Kind {
	case SearchPhone:
		value, problem := ParsePhone(e.Text, s.settings.DefaultRegion)
		return value, problem == ContactOK
	case SearchEmail:
		value, problem := ParseEmail(e.Text)
		return value, problem == ContactOK
	case SearchTax:
		return text, CheckTaxNumber(text)
	case SearchDocument:
		return documentNumber(text), text != "" && len(text) <= 40 && len(e.Country) == 3
	case SearchRegister:
		number, err := strconv.ParseInt(text, 10, 64)
		return text, err == nil && number > 0
	}
	return "", false
}

// documentNumber is a number without blanks as the centre keeps it: a Citizen Card's has two, as printed.
func documentNumber(text string) string {
	if len(text) == 12 && digits([]byte(text[:9]), 9, 9) && digits([]byte(text[11:]), 1, 1) {
		return text[:8] + " " + text[8:9] + " " + text[9:]
	}
	return text
}

// FoundChosen opens one of the keys that were found.
type FoundChosen struct{ Register int64 }

func (e FoundChosen) apply(s *Session) {
	found := s.state.Search.Found
	i := slices.IndexFunc(found, func(key Key) bool { return key.Register == e.Register })
	if !s.at(StepSearch) || i < 0 {
		return
	}
	key := found[i]
	s.state.Key = KeyState{}
	s.show(&key)
	s.advance()
}

// Search asks the centre: Searched or SearchRefused.
type Search struct {
	Case    CaseID
	Kind    SearchKind
	Value   string // E.164, addr-spec, nine digits, or as typed in capitals without blanks
	Country string
	Reason  SearchReason
}

func (Search) command() {}

// Searched brings the keys that were found. ID is the centre's record of the search.
type Searched struct {
	ID    uuid.UUID
	Found []Key
}

func (e Searched) applyToCase(s *Session) {
	if search := &s.state.Search; s.at(StepSearch) && search.Searching {
		search.Searching, search.Searched, search.Found = false, true, slices.Clone(e.Found)
		s.searched = e.ID
	}
}

// SearchRefused: the centre does not search.
type SearchRefused struct{ Code ProblemCode }

func (e SearchRefused) applyToCase(s *Session) {
	if search := &s.state.Search; s.at(StepSearch) && search.Searching {
		search.Searching, search.Problem = false, e.Code
	}
}
