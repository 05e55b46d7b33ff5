using System.Globalization;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Kernel;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tree;

namespace Mantle.Measure.Audit.Inspection;

/// <content>PE files: unified kernel images with all their profiles, addons, kernels, loaders.</content>
internal sealed partial class Inspector
{
    private const int LongestText = 1 << 16;
    private const int MostKernels = 16;

    /// <summary>Sections that hold an initrd, or an archive that the kernel reads before it.</summary>
    private static readonly string[] s_archives = [UkiSectionName.Initrd, UkiSectionName.Microcode];

    private static bool HasKernelSection(ByteSource content)
    {
        try
        {
            return PeImage.Read(content).Sections.Any(section => section.Name is UkiSectionName.Linux or UkiSectionName.CommandLine);
        }
        catch (MalformedInputException)
        {
            return false;
        }
    }

    /// <summary>Takes a PE file apart. True: it is a unified kernel image.</summary>
    private bool AddPe(string place, string name, ByteSource content, FileNode? node)
    {
        PeImage image;
        try
        {
            image = PeImage.Read(content);
        }
        catch (MalformedInputException e)
        {
            _gaps.Add(new(place, "pe", e.Message));
            return false;
        }

        bool isUki = image.Sections.Any(section => section.Name == UkiSectionName.Linux);
        bool isAddon = !isUki && image.Sections.Any(section => section.Name == UkiSectionName.CommandLine);
        _programs.Add(new(place, image, isUki, isAddon));
        if (isUki || isAddon)
        {
            int before = _gaps.Count;
            AddProfiles(place, name, image, isUki ? "uki" : "addon");
            foreach (PeSection section in image.Sections.Where(section => section.Name == UkiSectionName.Linux))
            {
                AddKernel(place, image.ContentOf(section));
            }

            if (node is not null && _gaps.Count == before)
            {
                _opened[node] = WithoutArchives(image);
            }
        }
        else if (LinuxSetupHeader.Find(content)?.Release is { } release)
        {
            // A kernel with an EFI stub of its own takes its command line from whoever starts it.
            _entries.Add(new() { Place = place, Kind = "kernel", KernelRelease = release, IsSigned = image.Certificates.Count > 0 });
            AddKernel(place, content);
        }

        return isUki;
    }

    private void AddKernel(string place, ByteSource content)
    {
        if (_kernels.Count == MostKernels)
        {
            _gaps.Add(new(place, "kernel", $"more than {MostKernels} kernels"));
            return;
        }

        _kernels.Add(new(place, LinuxSetupHeader.Find(content)?.Release, content));
    }

    /// <summary>The file with zeros where its initrds are.</summary>
    private static ByteSource WithoutArchives(PeImage image)
    {
        List<ByteSource.Extent> extents = [];
        long at = 0;
        foreach (PeSection section in image.Sections.Where(s => s_archives.Contains(s.Name) && s.SizeOfRawData > 0).OrderBy(s => s.PointerToRawData))
        {
            if (section.PointerToRawData > at)
            {
                extents.Add(new(at, image.Source.Slice(at, section.PointerToRawData - at)));
            }

            at = Math.Max(at, (long)section.PointerToRawData + Math.Min(section.SizeOfRawData, section.VirtualSize));
        }

        extents.Add(new(at, image.Source.Slice(at, image.Source.Length - at)));
        return ByteSource.Compose(image.Source.Length, extents);
    }

    /// <summary>
    /// The sections before the first <c>.profile</c> are the base; each profile takes the place of the base's sections with its own (UAPI.5, "Multi-Profile
    /// UKIs"). A menu or a word to the stub chooses one, so each is a way to start.
    /// </summary>
    private void AddProfiles(string place, string name, PeImage image, string kind)
    {
        List<Dictionary<string, ByteSource>> profiles = [[]];
        List<InspectedTree> baseInitrds = [];
        List<List<InspectedTree>> initrds = [baseInitrds];
        foreach (PeSection section in image.Sections)
        {
            if (section.Name == UkiSectionName.Profile)
            {
                profiles.Add(new(profiles[0]));
                initrds.Add([]);
                continue;
            }

            bool isKnown = profiles[^1].TryGetValue(section.Name, out ByteSource? known);
            if (isKnown && (profiles.Count == 1 || known != profiles[0].GetValueOrDefault(section.Name)) && section.Name != UkiSectionName.AutomaticDevicetree
                && (UkiSectionName.Payload.Contains(section.Name) || section.Name == UkiSectionName.Linux))
            {
                _gaps.Add(new(place, "uki", $"section \"{section.Name}\" is there twice, so which one counts is not certain"));
            }

            ByteSource content = image.ContentOf(section);
            profiles[^1][section.Name] = content;
            if (s_archives.Contains(section.Name) && content.Length > 0 && AddInitrd(place, name, section.Name, profiles.Count - 1, content) is { } tree)
            {
                initrds[^1].Add(tree);
            }
        }

        for (int i = 0; i < profiles.Count; i++)
        {
            string where = i == 0 ? place : $"{place}@{i.ToString(CultureInfo.InvariantCulture)}";
            string? commandLine = Text(where, profiles[i], UkiSectionName.CommandLine)?.Trim();
            _entries.Add(new()
            {
                Place = where,
                Kind = kind,
                CommandLine = string.IsNullOrEmpty(commandLine) ? null : commandLine,
                Words = KernelWords.Split(commandLine ?? ""),
                Initrds = i == 0 || initrds[i].Count == 0 ? baseInitrds : initrds[i],
                KernelRelease = Text(where, profiles[i], UkiSectionName.KernelVersion),
                OsRelease = Text(where, profiles[i], UkiSectionName.OsRelease),
                StubVersion = Text(where, profiles[i], UkiSectionName.StubMagic)?.Trim('#', ' ', '\0'),
                IsSigned = image.Certificates.Count > 0,
            });
        }
    }

    private InspectedTree? AddInitrd(string place, string name, string section, int profile, ByteSource content)
    {
        string where = profile == 0 ? name : $"{name}@{profile.ToString(CultureInfo.InvariantCulture)}";
        string prefix = $"{(section == UkiSectionName.Initrd ? "initrd" : "microcode")}({where}):";
        TreeFormat? found = TreeFormat.Of(content) ?? (Magic.NameOfCompression(content) is null ? null : TreeFormat.CompressedInitrd);
        if (found is { } format)
        {
            return ReadTree($"{place} section {section}", format, content, prefix, TreeRole.Initrd, depth: 0);
        }

        _gaps.Add(new($"{place} section {section}", Magic.NameOfCompression(content) ?? Magic.NameOfImage(content) ?? "unknown", "this format cannot be read"));
        return null;
    }

    private string? Text(string place, Dictionary<string, ByteSource> sections, string name)
    {
        if (!sections.TryGetValue(name, out ByteSource? content) || content.Length == 0)
        {
            return null;
        }

        if (content.Length > LongestText)
        {
            _gaps.Add(new(place, "uki", $"section \"{name}\" has {content.Length:N0} bytes of text"));
            return null;
        }

        return Encoding.Latin1.GetString(content.ToArray()).TrimEnd('\0');
    }
}
