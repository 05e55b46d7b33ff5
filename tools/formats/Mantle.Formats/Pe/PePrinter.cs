namespace Mantle.Formats.Pe;

/// <summary>Prints a PE image for people: one fact a line, numbers in hex, sections and certificates in file order.</summary>
public static class PePrinter
{
    /// <summary>Writes the text, lines ended by LF.</summary>
    public static void Print(PeImage image, TextWriter output)
    {
        void Line(string text) => output.Write(text + "\n");

        Line($"{(image.IsPe32Plus ? "PE32+" : "PE32")} machine 0x{image.Machine:x4} subsystem {image.Subsystem} characteristics 0x{image.Characteristics:x4} "
            + $"dll 0x{image.DllCharacteristics:x4} timestamp 0x{image.TimeDateStamp:x8} checksum 0x{image.CheckSum:x8}");
        Line($"headers 0x{image.SizeOfHeaders:x} image 0x{image.SizeOfImage:x} at 0x{image.ImageBase:x} entry 0x{image.AddressOfEntryPoint:x} "
            + $"alignment 0x{image.SectionAlignment:x} in memory, 0x{image.FileAlignment:x} in the file");
        Line("section     address   size      offset    raw size  flags");
        foreach (PeSection section in image.Sections)
        {
            Line($"{section.Name,-10}  {section.VirtualAddress:x8}  {section.VirtualSize:x8}  {section.PointerToRawData:x8}  {section.SizeOfRawData:x8}  {section.Characteristics:x8}");
        }

        for (int i = 0; i < image.DataDirectories.Count; i++)
        {
            PeDataDirectory directory = image.DataDirectories[i];
            if (directory != default)
            {
                Line($"directory {i}  0x{directory.Address:x}+0x{directory.Size:x}{(i == PeDataDirectory.CertificateTable ? " (file offset)" : "")}");
            }
        }

        foreach (PeCertificate certificate in image.Certificates)
        {
            Line($"certificate  revision 0x{certificate.Revision:x4} type 0x{certificate.Type:x4} {certificate.Content.Length} bytes");
        }
    }
}
