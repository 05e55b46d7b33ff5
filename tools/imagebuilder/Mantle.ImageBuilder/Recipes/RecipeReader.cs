using System.Text.RegularExpressions;
using Mantle.Formats.Bytes;
using Mantle.Formats.Fat;
using Mantle.Measure;
using Mantle.Measure.Audit;
using Mantle.Measure.Text;

namespace Mantle.ImageBuilder.Recipes;

/// <summary>Reads a recipe strictly: unknown and duplicate keys, wrong types and bad values are refused with file, line and column.</summary>
public static partial class RecipeReader
{
    private const string Noun = "a recipe";
    private const long MaximumSize = 1 << 20;
    private const long Mebibyte = 1 << 20;

    // What process 1 takes; and 85 characters are sure to fit into NAME_MAX as UTF-8.
    private const int MaximumNameLength = 85;
    private const int MaximumPathLength = 1024;

    private static readonly string[] s_fileKinds = ["source", "content", "link", "directory"];

    /// <summary>Reads the recipe at a path.</summary>
    /// <exception cref="UserErrorException">The recipe is not right; the message says where and what would be.</exception>
    public static Recipe Read(string path) =>
        Parse(path, YamlDocument.ReadText(path, Noun, MaximumSize, "name the recipe: imagebuilder build path/to/appliance.yaml"));

    /// <summary>Reads a recipe from text; <paramref name="path"/> is for messages and for sources relative to it.</summary>
    public static Recipe Parse(string path, string text) => ReadRecipe(path, new YamlMap(path, "recipe", YamlDocument.Load(path, text, Noun)));

    private static Recipe ReadRecipe(string path, YamlMap map)
    {
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        map.Number("format", 1, 1);
        YamlMap packages = map.Map("packages");
        YamlMap kernel = map.Map("kernel");
        YamlMap stub = map.Map("stub");
        YamlMap init = map.Map("init");
        YamlMap? disk = map.OptionalMap("disk");
        Recipe recipe = new()
        {
            Path = path,
            Name = map.Text("name", Matches(NamePattern(), "a name of lower-case letters, digits and hyphens, at most 40")),
            Version = map.Text("version", Matches(VersionPattern(), "a version such as 1.0.0")),
            Architecture = map.OneOf("architecture", "amd64", "amd64"),
            Epoch = ReadEpoch(map),
            Suites = [.. map.Texts("suites", Matches(PackagePattern(), "a suite such as trixie")).Select(s => s.Value)],
            Packages = new(PackageNames(packages, "roots"), LeaveOut(packages)),
            MaintainerScripts = [.. packages.Maps("maintainer-scripts").Select(ReadScripts)],
            Kernel = new(
                new([PackageName(kernel)], LeaveOut(kernel)),
                kernel.Texts("modules", Matches(ModulePattern(), "a module name such as dm-verity")),
                kernel.Texts("command-line", Matches(WordPattern(), "one printable word without space or quotes"))),
            Stub = new(new([PackageName(stub)], LeaveOut(stub)), stub.Text("file", AbsolutePath)),
            Toolchain = ReadToolchain(map.OptionalMap("toolchain")),
            Init = Source(folder, init, "source"),
            Files = [.. map.Maps("files").Select(file => ReadFile(folder, file))],
            Remove = map.Texts("remove", AbsolutePath),
            Users = [.. map.Maps("users").Select(ReadUser)],
            Service = ReadService(map.Map("service")),
            Unseal = ReadUnseal(map.OptionalMap("unseal")),
            Network = map.OneOf("network", "dhcp", "dhcp", "none"),
            OnFailure = map.OneOf("on-failure", "reboot", "reboot", "power-off"),
            MemoryFileSystems = [.. map.Maps("memory").Select(ReadMemory)],
            Disk = new(disk?.Size("esp", 64 * Mebibyte, Mebibyte) ?? 64 * Mebibyte),
            Waivers = [.. map.Maps("waivers").Select(WaiverReader.ReadWaiver)],
            Debug = ReadDebug(folder, map.OptionalMap("debug")),
        };
        foreach (YamlMap? part in new[] { packages, kernel, stub, init, disk, map })
        {
            part?.Finish();
        }

        Check(recipe, map);
        CheckGuest(recipe, map);
        return recipe;
    }

    /// <summary>What only several keys together can show.</summary>
    private static void Check(Recipe recipe, YamlMap map)
    {
        if (!FatWriter.IsPossibleSize(recipe.Disk.EspSize))
        {
            throw map.Refuse("disk", $"\"esp\" of {recipe.Disk.EspSize:N0} bytes is no size that a FAT volume can have");
        }

        if (recipe.Suites.Count == 0)
        {
            throw map.Refuse("suites", "\"suites\" is empty; name at least one, for example [trixie]");
        }

        HashSet<string> users = new(recipe.Users.Select(user => user.Name), StringComparer.Ordinal) { "root" };
        if (users.Count != recipe.Users.Count + 1 || recipe.Users.DistinctBy(user => user.Id).Count() != recipe.Users.Count)
        {
            throw map.Refuse("users", "two users share a name or a number, or one is called root");
        }

        if (recipe.Service.User == "root" || !users.Contains(recipe.Service.User))
        {
            throw new UserErrorException($"{recipe.Service.Position}: the service's user \"{recipe.Service.User}\" must be one of \"users\"");
        }

        foreach (AddedFile file in recipe.Files.Concat(recipe.Debug?.Files ?? []).Where(file => !users.Contains(file.Owner)))
        {
            throw new UserErrorException($"{file.Position}: owner \"{file.Owner}\" of \"{file.Path}\" must be root or one of \"users\"");
        }
    }

    private static long ReadEpoch(YamlMap map)
    {
        string text = map.Text("epoch", t => TryEpoch(t, out _) ? null : "a time such as 2026-11-21T00:00:00Z, from 1980 to 2105");
        TryEpoch(text, out long seconds);
        return seconds;
    }

    // 1980 to 2105: what the FAT file system of the ESP can say.
    private static bool TryEpoch(string text, out long seconds)
    {
        bool isTime = UtcTime.TryParse(text, out DateTimeOffset time);
        seconds = isTime ? time.ToUnixTimeSeconds() : 0;
        return isTime && time.Year is >= 1980 and <= 2105;
    }

    private static PackageSet ReadToolchain(YamlMap? map)
    {
        PackageSet packages = map is null ? new([], []) : new(PackageNames(map, "roots"), LeaveOut(map));
        map?.Finish();
        return packages;
    }

    private static string PackageName(YamlMap map) => map.Text("package", Matches(PackagePattern(), "a package name"));

    private static IReadOnlyList<string> PackageNames(YamlMap map, string key) =>
        [.. map.Texts(key, Matches(PackagePattern(), "a package name")).Select(name => name.Value)];

    private static IReadOnlyList<LeftOutPackage> LeaveOut(YamlMap map) => [.. map.Maps("leave-out").Select(item =>
    {
        LeftOutPackage leftOut = new(PackageName(item), item.Text("reason", Matches(ReasonPattern(), "a sentence of at least ten characters")));
        item.Finish();
        return leftOut;
    })];

    private static MaintainerScript ReadScripts(YamlMap map)
    {
        MaintainerScript scripts = new(
            PackageName(map),
            map.OneOf("effect", "none", "none", "ca-bundle"),
            map.Text("reason", Matches(ReasonPattern(), "a sentence of at least ten characters")),
            map.Text("sha256", Matches(DigestPattern(), "64 lower-case hexadecimal digits")),
            map.Position,
            map.Texts("certificates", Matches(CertificatePattern(), "a file name or glob such as Amazon_Root_CA_*.crt")));
        map.Finish();
        return scripts.Certificates.Count == 0 || scripts.Effect == "ca-bundle"
            ? scripts
            : throw map.Refuse("certificates", "\"certificates\" is for effect ca-bundle");
    }

    private static AddedFile ReadFile(string folder, YamlMap map)
    {
        if (s_fileKinds.Count(map.Has) != 1)
        {
            throw map.Refuse("path", "a file needs exactly one of source, content, link or directory");
        }

        bool directory = map.Flag("directory");
        AddedFile file = new()
        {
            Path = map.Text("path", AbsolutePath),
            Source = map.Has("source") ? Source(folder, map, "source") : null,
            Content = map.OptionalText("content"),
            Link = map.OptionalText("link"),
            Directory = directory,
            Mode = ReadMode(map, directory ? "0755" : "0644"),
            Owner = map.Text("owner", "root"),
            Position = map.Position,
        };
        _ = map.Has("source") ? null : map.OptionalText("source");
        map.Finish();
        return file;
    }

    private static int ReadMode(YamlMap map, string otherwise)
    {
        string text = map.Has("mode")
            ? map.Text("mode", Matches(ModePattern(), "an octal mode such as \"0755\"; set-id bits are not possible"))
            : map.Text("mode", otherwise);
        return Convert.ToInt32(text, 8);
    }

    private static UserRecipe ReadUser(YamlMap map)
    {
        UserRecipe user = new(
            map.Text("name", Matches(UserPattern(), "a user name of lower-case letters, digits, - and _")), (uint)map.Number("id", 1, 59999));
        map.Finish();
        return user;
    }

    private static MemoryFileSystem ReadMemory(YamlMap map)
    {
        MemoryFileSystem memory = new(map.Text("path", AbsolutePath), map.Size("size", 16 * Mebibyte, 4096));
        map.Finish();
        return memory;
    }

    private static ServiceRecipe ReadService(YamlMap map)
    {
        ServiceRecipe service = new()
        {
            Exec = map.Text("exec", AbsolutePath),
            Arguments = map.Words("arguments"),
            User = map.Text("user"),
            Environment = map.Table("environment"),
            Restart = map.OneOf("restart", "always", "always", "on-failure", "never"),
            RestartDelay = map.Duration("restart-delay", TimeSpan.FromSeconds(1)),
            StopTimeout = map.Duration("stop-timeout", TimeSpan.FromSeconds(10)),
            Writable = [.. map.Texts("writable", AbsolutePath).Select(path => path.Value)],
            Position = map.Position,
        };
        map.Finish();
        return service;
    }

    private static SourceFile Source(string folder, YamlMap map, string key)
    {
        string source = map.Text(key);
        return new(source, System.IO.Path.GetFullPath(source, folder), map.PositionOfKey(key));
    }

    private static Func<string, string?> Matches(Regex pattern, string right) => text => pattern.IsMatch(text) ? null : right;

    private static string? AbsolutePath(string text) =>
        text.StartsWith('/') && text.Length > 1 && !text.EndsWith('/') && !text.Contains("//", StringComparison.Ordinal)
        && !text.Split('/').Any(part => part is "." or ".." || part.Length > MaximumNameLength) && text.Length <= MaximumPathLength && !text.Any(char.IsControl)
            ? null
            : "an absolute path without . or .. such as /usr/bin/service";

    [GeneratedRegex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?\\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex("^[0-9][A-Za-z0-9.+~-]{0,39}\\z")]
    private static partial Regex VersionPattern();

    [GeneratedRegex("^[a-z0-9][a-z0-9+.-]{1,99}\\z")]
    private static partial Regex PackagePattern();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\\z")]
    private static partial Regex ModulePattern();

    [GeneratedRegex("^[!#-&(-~]+\\z")]
    private static partial Regex WordPattern();

    [GeneratedRegex("^[a-z_][a-z0-9_-]{0,30}\\z")]
    private static partial Regex UserPattern();

    [GeneratedRegex("^0[01]?[0-7]{3}\\z")]
    private static partial Regex ModePattern();

    [GeneratedRegex("^[0-9a-f]{64}\\z")]
    private static partial Regex DigestPattern();

    [GeneratedRegex("^[A-Za-z0-9._*?-]{1,100}\\z")]
    private static partial Regex CertificatePattern();

    [GeneratedRegex("^.{10,}\\z", RegexOptions.Singleline)]
    private static partial Regex ReasonPattern();
}
