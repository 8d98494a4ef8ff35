package line

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/adrianmo/go-nmea"
)

// NMEA is the format of a GPS receiver: sentences with checksums. Each RMC sentence is a reading with lat, lon, speed (knots), and
// course (degrees; none while stationary), and with altitude (m), satellites, and hdop of the newest GGA sentence, which some
// receivers send before the RMC sentence of the same second and some after it. lat and lon are nil without a fix.
type NMEA struct {
	parser nmea.SentenceParser
	newest nmea.GGA
	age    int // in RMC sentences
}

// Decode implements Format. Sentences other than RMC are not readings.
func (n *NMEA) Decode(text []byte) ([]Values, error) {
	sentence, err := parse(&n.parser, text)
	if _, unsupported := errors.AsType[*nmea.NotSupportedError](err); unsupported {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	switch sentence := sentence.(type) {
	case nmea.GGA:
		n.newest, n.age = sentence, 0
	case nmea.RMC:
		n.age++
		return []Values{n.reading(sentence)}, nil
	}
	return nil, nil
}

func (n *NMEA) reading(sentence nmea.RMC) Values {
	values := sentencePosition(sentence)
	if values["lat"] == nil {
		return values
	}
	const speed, course = 6, 7 // the indexes in an RMC sentence
	if sentence.Fields[speed] != "" {
		values["speed"] = sentence.Speed
	}
	if sentence.Fields[course] != "" {
		values["course"] = sentence.Course
	}
	if n.age == 1 && n.newest.FixQuality != "" && n.newest.FixQuality != nmea.Invalid {
		values["altitude"], values["satellites"], values["hdop"] = n.newest.Altitude, n.newest.NumSatellites, n.newest.HDOP
	}
	return values
}

// Starts returns none: the decoder finds sentences in all formats.
func (*NMEA) Starts([]byte) []Start { return nil }

// Delimited is true, because every sentence has a checksum.
func (*NMEA) Delimited() bool { return true }

func isSentence(text []byte) bool { return len(text) > 0 && text[0] == '$' }

// sentenceStarts returns the dollar signs, which only NMEA sentences have.
func sentenceStarts(text []byte) []Start {
	var starts []Start
	for at := 1; at < len(text); at++ {
		if text[at] == '$' {
			starts = append(starts, Start{At: at})
		}
	}
	return starts
}

// proprietary is the prefix of sentences that manufacturers have added to the standard.
const proprietary = "P"

// position returns the lat and lon of an RMC or GGA sentence, both nil if the GPS has no fix, and nil for any other GPS sentence.
func position(text []byte) (Values, error) {
	sentence, err := parse(&nmea.SentenceParser{}, text)
	if unsupported, ok := errors.AsType[*nmea.NotSupportedError](err); ok {
		if strings.HasPrefix(unsupported.Prefix, proprietary) {
			return nil, nil
		}
		return nil, errors.New("unknown NMEA sentence: neither a position nor a reading")
	}
	if err != nil {
		return nil, err
	}
	return sentencePosition(sentence), nil
}

func sentencePosition(sentence nmea.Sentence) Values {
	switch sentence := sentence.(type) {
	case nmea.RMC:
		return latLon(sentence.Validity == nmea.ValidRMC, sentence.Fields[2:6], sentence.Latitude, sentence.Longitude)
	case nmea.GGA:
		return latLon(sentence.FixQuality != nmea.Invalid, sentence.Fields[1:5], sentence.Latitude, sentence.Longitude)
	}
	return nil
}

// latLon returns nil values without a fix and for empty parts, which the library reads as 0.
func latLon(hasFix bool, parts []string, lat, lon float64) Values {
	for _, part := range parts {
		hasFix = hasFix && part != ""
	}
	if !hasFix {
		return Values{"lat": nil, "lon": nil}
	}
	return Values{"lat": roundDegrees(lat), "lon": roundDegrees(lon)}
}

// roundDegrees removes the digits that the division of minutes by 60 adds after the seventh decimal place (1 cm).
func roundDegrees(degrees float64) float64 { return math.Round(degrees*1e7) / 1e7 }

// parse verifies the checksum before it parses, because the library does not do so for every sentence.
func parse(parser *nmea.SentenceParser, text []byte) (nmea.Sentence, error) {
	if !isSentence(text) {
		return nil, errors.New(`an NMEA sentence must start with "$"`)
	}
	body, digits, found := cutChecksum(text[1:])
	if !found || len(digits) != xorDigits {
		return nil, fmt.Errorf(`%w: an NMEA sentence must end in "*HH"`, ErrChecksum)
	}
	if err := verify(body, digits); err != nil {
		return nil, err
	}
	return parser.Parse(string(bytes.TrimRight(text, " \t")))
}
