using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;

namespace Mantle.Measure.Prediction;

/// <summary>
/// The kernel's command line as the stub makes it: section <c>.cmdline</c> or the boot entry's options in its place, then addons, then the
/// firmware's string. Each part from outside the boot file is measured by itself.
/// </summary>
internal sealed record KernelCommandLine
{
    /// <summary>Linux's own limit on x86-64; a longer text would be cut.</summary>
    private const int Longest = 2047;

    private const string NoSection = "there is no section \".cmdline\", so the firmware's boot entry decides the command line";

    /// <summary>Why the command line is not known; null: it is.</summary>
    public string? Unknown { get; private init; }

    /// <summary>The whole text; empty: the kernel is given none.</summary>
    public string Text { get; private init; } = "";

    /// <summary>Where the parts of the text come from.</summary>
    public IReadOnlyList<EventSource> Sources { get; private init; } = [];

    /// <summary>The boot entry's options, if they are used.</summary>
    public string FromLoadOptions { get; private init; } = "";

    /// <summary>What addons add.</summary>
    public string FromAddons { get; private init; } = "";

    /// <summary>What the firmware's string adds.</summary>
    public string FromFirmware { get; private init; } = "";

    /// <summary>Why nothing is known of what is measured about it in PCR 12; a doubtful <c>.cmdline</c> is only PCR 9's problem.</summary>
    public string? UnknownOverrides { get; private init; }

    public static KernelCommandLine Of(BootInputs inputs)
    {
        ByteSource? section = inputs.Section(UkiSectionName.CommandLine);
        if (section is null && inputs.Extras.LoadOptions is null && inputs.Profile == 0)
        {
            return new() { Unknown = NoSection, UnknownOverrides = NoSection };
        }

        string options = Tidy(inputs.Extras.LoadOptions ?? "");
        if (inputs.SecureBoot == SecureBootState.On && section is not null)
        {
            options = "";
        }

        List<EventSource> sources = [];
        string addons = AddonText(inputs, sources);
        string firmware = Tidy(inputs.Extras.FirmwareCommandLine ?? "");
        KernelCommandLine line = new() { FromLoadOptions = options, FromAddons = addons, FromFirmware = firmware };
        string embedded = "";
        if (options.Length > 0)
        {
            sources.Insert(0, new(EventSourceKind.CommandLine, "load options"));
        }
        else if (section is not null)
        {
            if (!TryRead(section, "section \".cmdline\"", out embedded, out string? problem))
            {
                return line with { Unknown = problem };
            }

            sources.Insert(0, new(EventSourceKind.Section, UkiSectionName.CommandLine));
        }

        if (firmware.Length > 0)
        {
            sources.Add(new(EventSourceKind.CommandLine, "SMBIOS type 11"));
        }

        string text = string.Join(' ', new[] { options.Length > 0 ? options : embedded, addons, firmware }.Where(part => part.Length > 0));
        return text.Length > Longest
            ? line with { Unknown = $"the command line has {text.Length} characters, the kernel takes {Longest}" }
            : line with { Text = text, Sources = sources };
    }

    /// <summary>Control characters and spaces are trimmed at both ends and become single spaces within; runs stay runs.</summary>
    private static string Tidy(string text) => string.Create(text.Length, text, (to, from) =>
    {
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = from[i] is <= ' ' or '\x7f' ? ' ' : from[i];
        }
    }).Trim(' ');

    /// <summary>Each addon's text is tidied and joined to what is there by a space; the whole is tidied again.</summary>
    private static string AddonText(BootInputs inputs, List<EventSource> sources)
    {
        string joined = "";
        foreach (LoadedAddon addon in inputs.Addons)
        {
            if (addon.Section(UkiSectionName.CommandLine) is { } section)
            {
                if (!TryRead(section, $"section \".cmdline\" of addon \"{addon.Name}\"", out string text, out string? problem))
                {
                    throw new UserErrorException(problem!, "leave the addon out");
                }

                joined += (joined.Length > 0 ? " " : "") + text;
                sources.Add(new(EventSourceKind.Companion, addon.Name));
            }
        }

        return Tidy(joined);
    }

    private static bool TryRead(ByteSource section, string name, out string text, out string? problem)
    {
        text = "";
        problem = null;
        if (section.Length > Longest)
        {
            problem = $"{name} has {section.Length} bytes, the kernel takes {Longest}";
            return false;
        }

        byte[] bytes = section.ToArray();
        if (bytes.AsSpan().ContainsAnyExceptInRange((byte)1, (byte)0x7f))
        {
            problem = $"{name} has bytes that are NUL or not ASCII";
            return false;
        }

        text = Tidy(System.Text.Encoding.ASCII.GetString(bytes));
        problem = text.Length == 0 ? $"{name} is blank" : null;
        return problem is null;
    }
}
