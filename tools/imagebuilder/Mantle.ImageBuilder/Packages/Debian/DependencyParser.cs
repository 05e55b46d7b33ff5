using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.ImageBuilder.Packages.Debian;

/// <summary>
/// Parses the relationship fields of a package (Debian Policy 7.1): clauses separated by commas, each a list of alternatives separated by bars.
/// A restriction to architectures (<c>[amd64 !i386]</c>) is applied here: what does not concern the architecture is dropped.
/// </summary>
internal ref struct DependencyParser
{
    private const string Format = "dependency";
    private readonly ReadOnlySpan<byte> _text;
    private readonly string _architecture;
    private int _at;

    private DependencyParser(ReadOnlySpan<byte> text, string architecture)
    {
        _text = text;
        _architecture = architecture;
    }

    /// <summary>Parses a field's value.</summary>
    /// <param name="text">The value; empty means no clause.</param>
    /// <param name="architecture">The architecture that is locked.</param>
    /// <returns>The clauses; each has at least one alternative.</returns>
    /// <exception cref="MalformedInputException">The value does not follow the grammar; offsets count from its start.</exception>
    public static IReadOnlyList<IReadOnlyList<Relation>> Parse(ReadOnlySpan<byte> text, string architecture)
    {
        DependencyParser parser = new(text, architecture);
        parser.SkipBlanks();
        return parser._at == text.Length ? [] : parser.ParseClauses();
    }

    private List<IReadOnlyList<Relation>> ParseClauses()
    {
        List<IReadOnlyList<Relation>> clauses = [];
        List<Relation> alternatives = [];
        while (true)
        {
            if (ParseRelation() is { } relation)
            {
                alternatives.Add(relation);
            }

            SkipBlanks();
            if (_at < _text.Length && _text[_at] == '|')
            {
                _at++;
                continue;
            }

            if (alternatives.Count > 0)
            {
                clauses.Add(alternatives.ToArray());
                alternatives.Clear();
            }

            if (_at == _text.Length)
            {
                return clauses;
            }

            Expect((byte)',', "\",\" or \"|\"");
        }
    }

    /// <summary>One alternative, or null when it is for other architectures only.</summary>
    private Relation? ParseRelation()
    {
        SkipBlanks();
        string name = Word("a package name", static c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.');
        if (!char.IsAsciiLetterOrDigit(name[0]))
        {
            throw new MalformedInputException(Format, _at - name.Length, $"\"{name}\" is not a package name");
        }

        string? qualifier = null;
        if (_at < _text.Length && _text[_at] == ':')
        {
            _at++;
            qualifier = Word("an architecture", static c => char.IsAsciiLetterOrDigit(c) || c == '-');
        }

        (VersionOperator operation, DebianVersion version) = (VersionOperator.None, default);
        SkipBlanks();
        if (_at < _text.Length && _text[_at] == '(')
        {
            _at++;
            (operation, version) = ParseVersion();
            SkipBlanks();
        }

        bool concernsUs = _at >= _text.Length || _text[_at] != '[' || ParseArchitectures();
        return concernsUs ? new Relation(name, qualifier, operation, version) : null;
    }

    private (VersionOperator Operator, DebianVersion Version) ParseVersion()
    {
        SkipBlanks();
        int start = _at;
        string symbol = Word("a version operator", static c => c is '<' or '>' or '=');
        VersionOperator operation = symbol switch
        {
            "<<" => VersionOperator.StrictlyEarlier,
            "<=" => VersionOperator.EarlierOrEqual,
            "=" => VersionOperator.Equal,
            ">=" => VersionOperator.LaterOrEqual,
            ">>" => VersionOperator.StrictlyLater,
            _ => throw new MalformedInputException(Format, start, $"\"{symbol}\" is not a version operator"),
        };
        SkipBlanks();
        start = _at;
        string text = Word("a version", static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '+' or '~' or '-' or ':');
        if (!DebianVersion.TryParse(text, out DebianVersion version))
        {
            throw new MalformedInputException(Format, start, $"\"{text}\" is not a version");
        }

        SkipBlanks();
        Expect((byte)')', "\")\"");
        return (operation, version);
    }

    /// <summary>Reads <c>[a b]</c> or <c>[!a !b]</c>; true when it includes our architecture.</summary>
    private bool ParseArchitectures()
    {
        _at++;
        bool? negated = null;
        bool listed = false;
        while (true)
        {
            SkipBlanks();
            if (_at < _text.Length && _text[_at] == ']' && negated is not null)
            {
                _at++;
                return listed != negated;
            }

            bool bang = _at < _text.Length && _text[_at] == '!';
            if (bang != (negated ?? bang))
            {
                throw new MalformedInputException(Format, _at, "architectures are either all negated or none");
            }

            negated = bang;
            _at += bang ? 1 : 0;
            string word = Word("an architecture", static c => char.IsAsciiLetterOrDigit(c) || c == '-');
            listed |= word == _architecture || word is "any" or "linux-any" || word == "any-" + _architecture;
        }
    }

    private string Word(string what, Func<char, bool> belongs)
    {
        int start = _at;
        while (_at < _text.Length && belongs((char)_text[_at]))
        {
            _at++;
        }

        return _at > start
            ? Encoding.ASCII.GetString(_text[start.._at])
            : throw new MalformedInputException(Format, _at, $"{what} is expected");
    }

    private void Expect(byte character, string what)
    {
        if (_at >= _text.Length || _text[_at] != character)
        {
            throw new MalformedInputException(Format, _at, $"{what} is expected");
        }

        _at++;
    }

    private void SkipBlanks()
    {
        while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\t' or (byte)'\n')
        {
            _at++;
        }
    }
}
