using System.Security.Cryptography;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Output;
using Mantle.ImageBuilder.Packages.Debian;
using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Packages.Locking;

public sealed partial record LockFile
{
    private const string Format = "lock";

    /// <summary>Makes a lock.</summary>
    /// <param name="request">What the recipe asks for.</param>
    /// <param name="suites">The suites' states, in the order of the request.</param>
    /// <param name="packages">The packages, sorted by name.</param>
    public static LockFile Create(ResolutionRequest request, IReadOnlyList<LockedSuite> suites, IReadOnlyList<LockedPackage> packages)
    {
        LockInputs inputs = InputsOf(request);
        return new LockFile { Version = CurrentVersion, Inputs = inputs, InputsSha256 = Checksum(inputs), Suites = suites, Packages = packages };
    }

    /// <summary>Reads a lock from a file.</summary>
    /// <exception cref="UserErrorException">The file does not exist or is not a lock; the message names it.</exception>
    public static LockFile Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserErrorException($"lock \"{path}\" does not exist", "write it with \"imagebuilder lock\"", ExitCode.Environment);
        }

        try
        {
            return Parse(File.ReadAllBytes(path));
        }
        catch (MalformedInputException exception)
        {
            throw new UserErrorException($"{path}: {exception.Problem}", "remove it and run \"imagebuilder lock\"", cause: exception);
        }
    }

    /// <summary>Reads a lock and checks every value in it.</summary>
    /// <exception cref="MalformedInputException">It is not a lock, or it was edited by hand.</exception>
    public static LockFile Parse(ReadOnlySpan<byte> json)
    {
        LockFile? file;
        try
        {
            file = JsonSerializer.Deserialize(json, LockJson.Canonical.LockFile);
        }
        catch (JsonException exception)
        {
            string problem = exception.Message.Split(" Path: ")[0].TrimEnd('.');
            throw new MalformedInputException(Format, OffsetOf(json, exception), $"line {exception.LineNumber + 1}, column {exception.BytePositionInLine + 1}: {problem}");
        }

        string? wrong = file is null ? "the lock is null" : file.FindProblem();
        return wrong is null ? file! : throw new MalformedInputException(Format, 0, wrong);
    }

    /// <summary>The canonical bytes, with a newline at the end.</summary>
    public byte[] ToBytes() => [.. JsonSerializer.SerializeToUtf8Bytes(this, LockJson.Canonical.LockFile), (byte)'\n'];

    /// <summary>Writes the canonical bytes; the previous file stays until the new one is complete.</summary>
    public void Write(string path) => ReplacedFile.Write(path, ToBytes());

    /// <summary>The inputs of a request in canonical order.</summary>
    internal static LockInputs InputsOf(ResolutionRequest request) => new()
    {
        Architecture = request.Architecture,
        Suites = [.. request.Suites],
        Uses =
        [
            .. request.Uses.OrderBy(use => use.Name, StringComparer.Ordinal).Select(use => new LockInputUse
            {
                Name = use.Name,
                Roots = [.. use.Roots.Distinct().Order(StringComparer.Ordinal)],
                LeaveOut = [.. use.LeaveOut.Select(left => left.Package).Distinct().Order(StringComparer.Ordinal)],
            }),
        ],
    };

    private static string Checksum(LockInputs inputs) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(inputs, LockJson.Canonical.LockInputs)));

    private static long OffsetOf(ReadOnlySpan<byte> json, JsonException exception)
    {
        int at = 0;
        for (long line = exception.LineNumber ?? 0; line > 0; line--)
        {
            at += json[at..].IndexOf((byte)'\n') + 1;
        }

        return at + (exception.BytePositionInLine ?? 0);
    }

    private string? FindProblem() =>
        Version != CurrentVersion ? $"version {Version} of the lock is not known, only {CurrentVersion}"
        : InputsSha256 != Checksum(Inputs) ? "\"inputsSha256\" is not the checksum of \"inputs\": the lock was edited by hand"
        : !Suites.Select(suite => suite.Name).SequenceEqual(Inputs.Suites) ? "\"suites\" are not those of \"inputs\""
        : Suites.Select(FindProblem).Concat(Packages.Select(FindProblem)).FirstOrDefault(problem => problem is not null)
        ?? (Packages.Zip(Packages.Skip(1)).FirstOrDefault(pair => string.CompareOrdinal(pair.First.Name, pair.Second.Name) >= 0) is ({ } a, { } b)
            ? $"packages \"{a.Name}\" and \"{b.Name}\" are not in order" : null);

    private static string? FindProblem(LockedSuite suite) =>
        !LockedValues.IsSuite(suite.Name) ? $"suite \"{suite.Name}\" is not a name"
        : !LockedValues.IsSha256(suite.ReleaseSha256) || !LockedValues.IsSha256(suite.PackagesSha256) ? $"suite \"{suite.Name}\" has a malformed SHA-256"
        : null;

    private string? FindProblem(LockedPackage package) =>
        !LockedValues.IsPackageName(package.Name) ? $"package \"{package.Name}\" is not a name"
        : !DebianVersion.TryParse(package.Version, out _) ? $"package \"{package.Name}\": \"{package.Version}\" is not a version"
        : package.Architecture != "all" && package.Architecture != Inputs.Architecture ? $"package \"{package.Name}\" is for \"{package.Architecture}\""
        : !Inputs.Suites.Contains(package.Suite) ? $"package \"{package.Name}\": suite \"{package.Suite}\" is not among the inputs"
        : !LockedValues.IsArchivePath(package.Path) ? $"package \"{package.Name}\": path \"{package.Path}\" leaves the archive"
        : package.Size <= 0 ? $"package \"{package.Name}\": size {package.Size} is not positive"
        : !LockedValues.IsSha256(package.Sha256) ? $"package \"{package.Name}\" has a malformed SHA-256"
        : package.Uses.Count == 0 || package.Uses.Any(use => Inputs.Uses.All(known => known.Name != use)) ? $"package \"{package.Name}\" has a use that is not among the inputs"
        : null;
}
