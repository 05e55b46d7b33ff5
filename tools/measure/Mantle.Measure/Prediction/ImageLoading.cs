using Mantle.Formats.Bytes;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Uki;

namespace Mantle.Measure.Prediction;

/// <summary>What firmware does with the images that it is asked to load: with Secure Boot on, db decides.</summary>
internal static class ImageLoading
{
    /// <summary>The addons that get loaded, in order: those of <c>loader/addons</c> first, each folder sorted as the stub sorts it.</summary>
    public static BootInputs LoadAddons(BootInputs inputs, List<string> notes)
    {
        CompanionFile[] files = [.. StubArchive.Sorted(inputs.Extras.GlobalAddons), .. StubArchive.Sorted(inputs.Extras.Addons)];
        if (inputs.SecureBoot == SecureBootState.On && !string.IsNullOrEmpty(inputs.Extras.LoadOptions) && inputs.Section(UkiSectionName.CommandLine) is not null)
        {
            notes.Add("the boot entry's command line is neither used nor measured, for Secure Boot is on and the boot file has its own");
        }

        if (files.Length == 0)
        {
            return inputs;
        }

        LoadedAddon[] addons = [.. files.Select(file => LoadedAddon.Read(file, inputs.Section(UkiSectionName.KernelVersion)))];
        if (inputs.SecureBoot != SecureBootState.On)
        {
            return inputs with { Addons = addons };
        }

        ImageAuthorization authorization = new(inputs.Variables ?? throw new UserErrorException(
            "whether firmware loads the addons depends on db, which is not given", "give the Secure Boot variables", ExitCode.Usage));
        List<LoadedAddon> loaded = [];
        List<Authority> authorities = [];
        foreach (LoadedAddon addon in addons)
        {
            ImageVerdict verdict = authorization.Judge(addon.Image, addon.Name, algorithm => ContentDigest.Compute(addon.HashInput, algorithm));
            authorities.AddRange(verdict.Authorities);
            if (verdict.Refusal is null)
            {
                loaded.Add(addon);
            }
            else
            {
                notes.Add($"an addon is not loaded: {verdict.Refusal}");
            }
        }

        return inputs with { Addons = loaded, Authorities = authorities };
    }

    /// <summary>Decides about the boot file, whose authority is measured before those of addons.</summary>
    /// <exception cref="UserErrorException">It does not start.</exception>
    public static BootInputs Start(BootInputs inputs, PeImage image, DigestBook book)
    {
        if (inputs.SecureBoot != SecureBootState.On || inputs.Variables is not { } variables)
        {
            return inputs;
        }

        ImageVerdict verdict = new ImageAuthorization(variables).Judge(image, inputs.BootFile, algorithm => book.Digest(inputs.ImageHashInput, algorithm));
        return verdict.Refusal is null
            ? inputs with { Authorities = [.. verdict.Authorities, .. inputs.Authorities] }
            : throw new UserErrorException(
                $"the image will not boot with these keys: {verdict.Refusal}", "sign it with a key that db has, or change db and dbx", ExitCode.Mismatch);
    }
}
