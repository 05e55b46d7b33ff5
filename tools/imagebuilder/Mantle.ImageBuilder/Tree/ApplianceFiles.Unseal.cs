using System.Text.Json;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Recipes;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Tree;

/// <content>The member <c>unseal</c> of process 1's configuration, which the unsealing program reads too.</content>
public static partial class ApplianceFiles
{
    /// <summary>Refuses a recipe whose unsealing would fail on every boot because a file of the image is missing.</summary>
    /// <param name="tree">The finished root.</param>
    /// <param name="recipe">The recipe.</param>
    internal static void CheckUnseal(FileTree tree, Recipe recipe)
    {
        if (recipe.Unseal is not { } unseal)
        {
            return;
        }

        Require(unseal.Exec, unseal.Position);
        if (unseal.Kms is { } kms)
        {
            Require(kms.Certificates, unseal.Position);
        }

        foreach (SecretFileRecipe file in unseal.Files)
        {
            Require(file.Source, file.Position);
        }

        void Require(string path, string position)
        {
            if (!tree.TryFind(path, out FileNode? node) || node.Kind != FileKind.Regular)
            {
                throw new UserErrorException($"{position}: \"{path}\" is no file of the image", "add it under \"files\", or correct the path");
            }
        }
    }

    private static void WriteUnseal(Utf8JsonWriter json, Recipe recipe)
    {
        if (recipe.Unseal is not { } unseal)
        {
            json.WriteNull("unseal");
            return;
        }

        uint user = recipe.Users.First(u => u.Name == unseal.User).Id;
        json.WriteStartObject("unseal");
        json.WriteString("exec", unseal.Exec);
        json.WriteNumber("user_id", user);
        json.WriteNumber("group_id", user);
        if (unseal.StatusPort is { } port)
        {
            json.WriteNumber("status_port", port);
        }
        else
        {
            json.WriteNull("status_port");
        }

        json.WriteNumber("attempts", unseal.Attempts);
        json.WriteString("on_failure", unseal.OnFailure);
        WriteKms(json, unseal.Kms);
        json.WriteStartArray("files");
        foreach (SecretFileRecipe file in unseal.Files)
        {
            json.WriteStartObject();
            json.WriteString("name", file.Name);
            json.WriteString("source", file.Source);
            json.WriteString("version", file.Version);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("volumes");
        foreach (VolumeRecipe volume in unseal.Volumes)
        {
            json.WriteStartObject();
            json.WriteString("name", volume.Name);
            json.WriteString("root_hash", volume.RootHash);
            json.WriteString("version", volume.Version);
            json.WriteBoolean("encrypted", volume.Encrypted);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteKms(Utf8JsonWriter json, KmsRecipe? kms)
    {
        if (kms is null)
        {
            json.WriteNull("kms");
            return;
        }

        json.WriteStartObject("kms");
        json.WriteString("region", kms.Region);
        json.WriteString("endpoint", kms.Endpoint);
        json.WriteString("certificates", kms.Certificates);
        json.WriteEndObject();
    }
}
