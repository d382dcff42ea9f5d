package kiosk

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

// SearchAsked searches. Without a reason, nobody does.
type SearchAsked struct {
	Kind    SearchKind
	Text    string
	Country string
	Reason  SearchReason
}

func (e SearchAsked) apply(s *Session) {}

// FoundChosen opens one of the keys that were found.
type FoundChosen struct{ Register int64 }

func (e FoundChosen) apply(s *Session) {}

// Search asks the centre: Searched or SearchRefused.
type Search struct {
	Case    CaseID
	Kind    SearchKind
	Value   string // E.164, addr-spec, nine digits, or as typed
	Country string
	Reason  SearchReason
}

func (Search) command() {}

// Searched brings the keys that were found.
type Searched struct {
	ID    searchID
	Found []Key
}

func (e Searched) applyToCase(s *Session) {}

// SearchRefused: the centre does not search.
type SearchRefused struct{ Code ProblemCode }

func (e SearchRefused) applyToCase(s *Session) {}
