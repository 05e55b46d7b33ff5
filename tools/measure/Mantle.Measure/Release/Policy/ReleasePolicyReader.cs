using System.Globalization;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Release.Documents;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Text;
using Mantle.Measure.Twin;

namespace Mantle.Measure.Release.Policy;

/// <summary>Reads a release policy from YAML, format 1.</summary>
public static class ReleasePolicyReader
{
    private const string Noun = "a release policy";
    private const int MaximumDays = 3660;
    private static readonly string[] s_denials = ["statement", "image", "number", "pcr"];

    /// <summary>Reads a file, and the lists of debug twins that it names.</summary>
    /// <exception cref="UserErrorException">It is not right; the message says where and what would be.</exception>
    /// <exception cref="MalformedInputException">A list of debug twins is malformed.</exception>
    public static ReleasePolicy Read(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return Parse(
            path,
            YamlDocument.ReadText(path, Noun, 1 << 20, "name the policy: --policy policies/release.yaml"),
            name => File.Exists(Path.Combine(folder, name)) ? ByteSource.OpenFile(Path.Combine(folder, name)) : null);
    }

    /// <summary>Reads text.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="text">The text.</param>
    /// <param name="open">Opens a file that the policy names, null when there is none.</param>
    /// <exception cref="UserErrorException">It is not right; the message says where and what would be.</exception>
    /// <exception cref="MalformedInputException">A list of debug twins is malformed.</exception>
    public static ReleasePolicy Parse(string path, string text, Func<string, ByteSource?> open)
    {
        YamlMap map = new(path, "release policy", YamlDocument.Load(path, text, Noun));
        map.Number("format", 1, 1);
        ReleasePolicy policy = new()
        {
            Name = map.Text("name", ReleaseStatement.Label),
            Roles = ReadRoles(map),
            MinimumNumber = map.Number("minimum-number", 1, long.MaxValue),
            MaximumAge = TimeSpan.FromDays(int.Parse(map.Text("maximum-age", text => Days(text) is null ? $"days such as \"90d\", at most {MaximumDays}d" : null)[..^1], CultureInfo.InvariantCulture)),
            Identities = [.. map.Texts("identities", Digest).Select(identity => identity.Value)],
            Denied = [.. map.Maps("deny").Select(ReadDenial)],
            DebugTwins = [.. map.Texts("debug-twins").Select(twins => DenyList.Read(open(twins.Value)
                ?? throw new UserErrorException($"{twins.Position}: \"{twins.Value}\" does not exist", "name a debug-measurements.json, relative to the policy")))],
            Waivers = [.. map.Maps("waivers").Select(ReadWaiver)],
            Ledger = map.OptionalText("ledger", text => TryNoteKey(text) is null ? "the key of a ledger as \"imagebuilder ledger\" prints it, NAME+KEYID+BASE64" : null) is { } key ? NoteKey.Parse(key) : null,
            LedgerCheckpoint = map.OptionalText("ledger-checkpoint") is { } kept ? ReadCheckpoint(map, kept, open) : null,
        };
        map.Finish();
        return policy.LedgerCheckpoint is null || policy.Ledger is not null ? policy : throw map.Refuse("ledger-checkpoint", "a checkpoint of a ledger whose key is not named: add \"ledger\"");
    }

    private static Checkpoint ReadCheckpoint(YamlMap map, string name, Func<string, ByteSource?> open) => open(name) switch
    {
        null => throw map.Refuse("ledger-checkpoint", $"\"{PrintedText.Escape(name)}\" does not exist, relative to the policy"),
        { Length: > SignedNote.MaximumSize } => throw map.Refuse("ledger-checkpoint", $"\"{PrintedText.Escape(name)}\" is too long for a checkpoint"),
        { } file => Checkpoint.Read(file.ToArray()),
    };

    private static List<ReleaseRole> ReadRoles(YamlMap map)
    {
        List<ReleaseRole> roles = [];
        HashSet<string> people = new(StringComparer.OrdinalIgnoreCase);
        HashSet<string> keys = new(StringComparer.Ordinal);
        foreach (YamlMap item in map.Maps("roles"))
        {
            ReleaseRole role = new(item.Text("role", Word), (int)item.Number("threshold", 1, 100), [.. item.Maps("people").Select(person => ReadPerson(person, people, keys))]);
            if (roles.Exists(known => known.Name == role.Name))
            {
                throw item.Refuse("role", $"the role \"{role.Name}\" stands twice");
            }

            if (role.Threshold > role.People.Count)
            {
                throw item.Refuse("threshold", $"the role \"{role.Name}\" asks for {role.Threshold} and has {role.People.Count} people: nobody could ever meet it");
            }

            item.Finish();
            roles.Add(role);
        }

        return roles.Count > 0 ? roles : throw map.Refuse("roles", "a policy without roles would accept what nobody has signed");
    }

    private static ReleasePerson ReadPerson(YamlMap map, HashSet<string> people, HashSet<string> keys)
    {
        string name = map.Text("person", Word);
        if (!people.Add(name))
        {
            throw map.Refuse("person", $"\"{name}\" stands twice: a person has one role and counts once; list all keys together");
        }

        ReleasePerson person = new(name, [.. map.Maps("keys").Select(key => ReadKey(key, keys))]);
        map.Finish();
        return person.Keys.Count > 0 ? person : throw map.Refuse("keys", $"\"{name}\" has no key");
    }

    private static ReleaseKey ReadKey(YamlMap map, HashSet<string> keys)
    {
        VerificationKey key;
        try
        {
            key = VerificationKey.FromPem(map.Text("key"));
        }
        catch (MalformedInputException e)
        {
            throw map.Refuse("key", e.Problem);
        }

        if (!keys.Add(key.KeyId))
        {
            throw map.Refuse("key", $"the key {key.KeyId} stands twice; one key is one person's");
        }

        string[] schemes = [.. SignatureSchemes.Names.Where(name => SignatureSchemes.Find(name)!.Value.Kind() == key.Kind)];
        SignatureScheme scheme = SignatureSchemes.Find(map.OneOf("scheme", SignatureSchemes.Default(key.Kind).Name(), schemes))!.Value;
        DateOnly from = map.Date("from");
        DateOnly until = map.Date("until");
        if (until < from)
        {
            throw map.Refuse("until", "the key would expire before it is valid");
        }

        map.Finish();
        return new(key, scheme, from, until);
    }

    private static DeniedRelease ReadDenial(YamlMap map)
    {
        string reason = map.Text("reason", text => text.Length < 10 ? "a sentence of at least ten characters" : null);
        YamlMap? register = map.OptionalMap("pcr");
        DeniedRelease denied = new(
            reason,
            map.OptionalText("statement", Digest),
            map.OptionalText("image", Digest),
            map.Has("number") ? map.Number("number", 1, long.MaxValue) : null,
            register is null ? null : ReadRegister(register));
        map.Finish();
        return s_denials.Count(map.Has) == 1 ? denied : throw map.Refuse("reason", $"one of {string.Join(", ", s_denials)} says what is denied");
    }

    private static (int, TpmDigest) ReadRegister(YamlMap map)
    {
        string name = map.OneOf("bank", "sha384", [.. TpmHash.Computable.Select(bank => bank.Name())]);
        TpmAlgorithm bank = TpmHash.Computable.First(known => known.Name() == name);
        int index = (int)map.Number("index", 0, 23);
        string value = map.Text("value", text => JsonMembers.IsHex(text, 2 * bank.DigestSize()) ? null : $"{2 * bank.DigestSize()} digits of lower-case hexadecimal");
        map.Finish();
        return (index, TpmDigest.FromHex(bank, value));
    }

    private static AcceptedWaiver ReadWaiver(YamlMap map)
    {
        AcceptedWaiver waiver = new(map.Text("rule"), map.OptionalText("path"));
        map.Finish();
        return waiver;
    }

    private static string? Digest(string text) => JsonMembers.IsDigest(text) ? null : "a SHA-256, 64 digits of lower-case hexadecimal";

    private static string? Word(string text) => text.Length <= 64 && text == text.Trim() && text == PrintedText.Escape(text) ? null : "up to 64 characters on one line";

    private static int? Days(string text) =>
        text.EndsWith('d') && int.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out int days) && days is > 0 and <= MaximumDays ? days : null;

    private static NoteKey? TryNoteKey(string text)
    {
        try
        {
            return NoteKey.Parse(text);
        }
        catch (MalformedInputException)
        {
            return null;
        }
    }
}
