namespace Mantle.ImageBuilder.Volumes;

/// <summary>What a data key is for. KMS binds it to the ciphertext: the appliance has to say the same, out of its measured configuration, to get the key.</summary>
/// <param name="Appliance">Name of the appliance's recipe.</param>
/// <param name="Kind"><c>volume</c> or <c>file</c>.</param>
/// <param name="Name">Name of the volume or file.</param>
/// <param name="Version">Its version.</param>
public sealed record EncryptionContext(string Appliance, string Kind, string Name, string Version)
{
    /// <summary>As KMS takes it.</summary>
    public Dictionary<string, string> ToDictionary() => new()
    {
        ["mantle:appliance"] = Appliance,
        ["mantle:kind"] = Kind,
        ["mantle:name"] = Name,
        ["mantle:version"] = Version,
    };
}
